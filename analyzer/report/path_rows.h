// path_rows.h: a path from a root as a report shows it: the root's name, then a
// line and a JSON object for each object on the way. Stateless.
#ifndef HEAPLINE_ANALYZER_REPORT_PATH_ROWS_H_
#define HEAPLINE_ANALYZER_REPORT_PATH_ROWS_H_

#include <cstddef>
#include <string>

#include "analyzer/analysis/root_paths.h"
#include "analyzer/report/document.h"
#include "analyzer/report/graph_side.h"

namespace heapline {

// "0x602010 Node (64 B)".
std::string ObjectText(const GraphSide& side, Vertex v);

// Adds the list "hops" and a line for each hop. Of more than `most` hops those
// at both ends are written and the number of the others is told.
void AddHops(GraphSide* side, const RootPath& path, size_t most, Row* row);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_PATH_ROWS_H_
