#include "analyzer/analysis/stack_frame.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "analyzer/base/base_name.h"

namespace heapline {
namespace {

bool HasLine(const SourceFrame& source) {
  return source.line != 0 && !source.file->empty();
}

// "libfoo.so+0x1234": the symbolizer's name for code it knows nothing of.
bool IsModuleAndOffset(const SourceFrame& source) {
  absl::string_view rest = *source.function;
  const absl::string_view module = BaseName(*source.module);
  return !module.empty() && absl::ConsumePrefix(&rest, module) &&
         absl::StartsWith(rest, "+0x");
}

}  // namespace

KeyText LineText(const StackFrame& frame) {
  const SourceFrame& source = frame.source;
  if (frame.kind != FrameKind::kCode) return {*source.function, "", ""};
  if (HasLine(source)) {
    return {"", *source.file, absl::StrCat(":", source.line)};
  }
  if (source.module->empty() || IsModuleAndOffset(source)) {
    return {*source.function, "", ""};
  }
  return {absl::StrCat(*source.function, " ("), *source.module, ")"};
}

KeyText FunctionText(const StackFrame& frame) {
  return {*frame.source.function, "", ""};
}

KeyText FileText(const StackFrame& frame) {
  const SourceFrame& source = frame.source;
  if (frame.kind != FrameKind::kCode) return {*source.function, "", ""};
  if (!source.file->empty()) return {"", *source.file, ""};
  if (source.module->empty()) return {"<no file>", "", ""};
  return {"<no file> (", *source.module, ")"};
}

KeyText ModuleText(const StackFrame& frame) {
  const SourceFrame& source = frame.source;
  if (frame.kind != FrameKind::kCode) return {*source.function, "", ""};
  if (source.module->empty()) return {"<no module>", "", ""};
  return {"", *source.module, ""};
}

KeyText WrittenFrame(const StackFrame& frame) {
  const SourceFrame& source = frame.source;
  if (frame.kind != FrameKind::kCode || !HasLine(source)) {
    return LineText(frame);
  }
  return {absl::StrCat(*source.function, " ("), *source.file,
          absl::StrCat(":", source.line, ")")};
}

}  // namespace heapline
