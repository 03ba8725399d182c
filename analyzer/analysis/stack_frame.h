// stack_frame.h: one frame of a call stack, and how it is written. Texts that
// name a file or module are kept in three parts, before + path + after, so
// that a report can show the path shortened ("file.cpp" + ":34") while
// machines get it whole. Value types; the symbolizer owns a frame's strings.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_STACK_FRAME_H_
#define HEAPLINE_ANALYZER_ANALYSIS_STACK_FRAME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/analysis/site_rules.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

// What a frame is; only kCode frames stand in the program's text.
enum class FrameKind : uint8_t { kCode, kThread, kScope, kSpecial };

struct StackFrame {
  SourceFrame source;
  FrameKind kind = FrameKind::kCode;
  SiteKind site_kind = SiteKind::kProgram;  // of a kCode frame
};

struct KeyText {
  std::string before;
  std::string path;
  std::string after;
  std::string Full() const { return before + path + after; }
};

// Whether one of the globs matches the frame's function, with or without its
// parameters, its file or its module; paths also by their last component.
bool MatchesAny(const std::vector<std::string>& globs,
                const SourceFrame& frame);

// "path:34"; "function (module)" where the line is unknown; "module+0x12"
// where the function is, too; the name in angle brackets of other kinds.
KeyText LineText(const StackFrame& frame);
// "function", "path", "module path", each with a stand-in where unknown.
KeyText FunctionText(const StackFrame& frame);
KeyText FileText(const StackFrame& frame);
KeyText ModuleText(const StackFrame& frame);
// How a frame is written within a stack: "function (path:line)", or as
// LineText where the line is unknown.
KeyText WrittenFrame(const StackFrame& frame);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_STACK_FRAME_H_
