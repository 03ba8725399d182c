// expected_dead.h: blocks that the program said would be freed by now
// (heapline_expect_dead) and that are live, each with a shortest path from a
// root: why it is. Stateless.
#ifndef HEAPLINE_ANALYZER_REPORT_EXPECTED_DEAD_H_
#define HEAPLINE_ANALYZER_REPORT_EXPECTED_DEAD_H_

#include "analyzer/report/document.h"
#include "analyzer/report/graph_side.h"

namespace heapline {

// A row for each such block, in the order of the snapshot: label, address,
// bytes, type, site, kind (of a leak, or reachable), root, hops. JSON calls it
// "expected_dead".
Annex ExpectedDeadOf(GraphSide* side);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_EXPECTED_DEAD_H_
