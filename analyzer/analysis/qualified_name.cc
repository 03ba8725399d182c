#include "analyzer/analysis/qualified_name.h"

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace heapline {
namespace {

constexpr absl::string_view kAnonymous = "(anonymous namespace)";
constexpr absl::string_view kOperator = "operator";

bool IsNamePart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '$';
}

// Whether the word `operator` stands at `at`, not inside a longer name.
bool IsOperatorAt(absl::string_view text, size_t at) {
  if (!absl::StartsWith(text.substr(at), kOperator)) return false;
  const size_t end = at + kOperator.size();
  return (at == 0 || !IsNamePart(text[at - 1])) &&
         (end == text.size() || !IsNamePart(text[end]));
}

// End of the operator's name that begins at `at`: "operator new[]",
// "operator()", "operator<<", "operator unsigned long": up to the parameters
// or template arguments.
size_t EndOfOperator(absl::string_view text, size_t at) {
  size_t end = at + kOperator.size();
  if (absl::StartsWith(text.substr(end), "()")) return end + 2;
  while (end < text.size() && (text[end] == '<' || text[end] == '>' ||
                               text[end] == '-' || text[end] == '=')) {
    ++end;
  }
  while (end < text.size() && text[end] != '(' && text[end] != '<') ++end;
  return end;
}

}  // namespace

absl::string_view QualifiedName(absl::string_view function) {
  size_t begin = 0;
  size_t depth = 0;  // of <>, (), {}
  for (size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    if (depth == 0 && c == 'o' && IsOperatorAt(function, i)) {
      i = EndOfOperator(function, i) - 1;
    } else if (absl::StartsWith(function.substr(i), kAnonymous)) {
      i += kAnonymous.size() - 1;
    } else if (c == '(' && depth == 0 && i > begin) {
      return function.substr(begin, i - begin);
    } else if (c == '<' || c == '(' || c == '{') {
      // "<truncated>" is a name, not template arguments.
      if (i == begin && c == '<') return function;
      ++depth;
    } else if ((c == '>' || c == ')' || c == '}') && depth > 0) {
      --depth;
    } else if (c == ' ' && depth == 0) {
      // "name [clone .isra.0]": what follows is the compiler's remark.
      if (absl::StartsWith(function.substr(i), " [")) {
        return function.substr(begin, i - begin);
      }
      begin = i + 1;
    }
  }
  return function.substr(begin);
}

}  // namespace heapline
