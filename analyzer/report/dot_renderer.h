// dot_renderer.h: a graph as Graphviz reads it (`dot -Tsvg`). Stateless.
#ifndef HEAPLINE_ANALYZER_REPORT_DOT_RENDERER_H_
#define HEAPLINE_ANALYZER_REPORT_DOT_RENDERER_H_

#include <string>

#include "analyzer/report/document.h"

namespace heapline {

// Texts are quoted: no name can end a label or steer a terminal. Of a document
// that is no graph an empty drawing.
std::string RenderDot(const Document& document);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_DOT_RENDERER_H_
