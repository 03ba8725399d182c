// json_renderer.h: a Document as one JSON object: schema, snapshots, total,
// rows; notes and asides beside them. Numbers are plain integers, keys name
// their unit, key order is fixed: the same document gives the same bytes.
// The output is ASCII without control characters but newlines; invalid UTF-8 is
// replaced. Stateless; thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_JSON_RENDERER_H_
#define HEAPLINE_ANALYZER_REPORT_JSON_RENDERER_H_

#include <string>

#include "analyzer/report/document.h"

namespace heapline {

// Ends in a newline.
std::string RenderJson(const Document& document);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_JSON_RENDERER_H_
