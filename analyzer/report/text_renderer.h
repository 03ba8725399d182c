// text_renderer.h: a Document as lines for people. Whatever stands in it, the
// output has no control characters but newlines and, with Colors::kOn, the
// colour sequences written here. Stateless; thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_TEXT_RENDERER_H_
#define HEAPLINE_ANALYZER_REPORT_TEXT_RENDERER_H_

#include <string>

#include "analyzer/report/document.h"

namespace heapline {

enum class Colors { kOff, kOn };

// The report itself; notes are not in it (they belong on stderr).
std::string RenderText(const Document& document, Colors colors);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_TEXT_RENDERER_H_
