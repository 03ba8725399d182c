#include "analyzer/analysis/stack_frame.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "analyzer/analysis/qualified_name.h"
#include "analyzer/base/base_name.h"
#include "analyzer/base/glob.h"

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

bool Matches(const std::string& glob, const SourceFrame& frame) {
  return GlobMatches(glob, *frame.function) ||
         GlobMatches(glob, QualifiedName(*frame.function)) ||
         GlobMatches(glob, *frame.file) ||
         GlobMatches(glob, BaseName(*frame.file)) ||
         GlobMatches(glob, *frame.module) ||
         GlobMatches(glob, BaseName(*frame.module));
}

}  // namespace

bool MatchesAny(const std::vector<std::string>& globs,
                const SourceFrame& frame) {
  return std::any_of(
      globs.begin(), globs.end(),
      [&frame](const std::string& glob) { return Matches(glob, frame); });
}

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
