// info_text.h: a snapshot's header as lines for people. Stateless;
// thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_INFO_TEXT_H_
#define HEAPLINE_ANALYZER_REPORT_INFO_TEXT_H_

#include <string>
#include <vector>

#include "analyzer/report/document.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// "name:   value", one line a fact; facts that a snapshot does not state are
// left out.
std::vector<Line> InfoLines(const Snapshot& snapshot);

// Every live block is known: nothing was dropped, sampled or missed, and the
// file lost nothing.
bool IsComplete(const Snapshot& snapshot);

// Why the snapshot is not complete, one phrase a reason.
std::vector<std::string> IncompleteReasons(const Snapshot& snapshot);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_INFO_TEXT_H_
