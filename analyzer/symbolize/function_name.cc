#include "analyzer/symbolize/function_name.h"

#include <setjmp.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace heapline {
namespace {

// The demangler of the C++ run-time library in its form that hands the text
// out piece by piece: it uses no heap, so it may be left by longjmp. That is
// needed because a name of 200 bytes can stand for one of 100 MB: each
// substitution in it may double the text before it.
extern "C" int __gcclibcxx_demangle_callback(const char* mangled,
                                             void (*append)(const char*, size_t,
                                                            void*),
                                             void* state);

struct BoundedText {
  std::string text;
  jmp_buf when_full;
};

void AppendBounded(const char* piece, size_t bytes, void* state) {
  auto* out = static_cast<BoundedText*>(state);
  const size_t room = kMaxNameBytes - out->text.size();
  out->text.append(piece, std::min(bytes, room));
  if (bytes > room) longjmp(out->when_full, 1);
}

// False when it is no mangled name.
bool Demangle(const std::string& name, BoundedText* out) {
  if (setjmp(out->when_full) != 0) return true;  // cut
  return __gcclibcxx_demangle_callback(name.c_str(), AppendBounded, out) == 0;
}

bool IsDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// One escape of Rust's legacy scheme ("$LT$", "$u20$"), appended; false when
// it is none.
bool AppendRustEscape(absl::string_view escape, std::string* out) {
  static constexpr struct {
    const char* escape;
    const char* text;
  } kEscapes[] = {{"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"},
                  {"GT", ">"}, {"LP", "("}, {"RP", ")"}, {"C", ","}};
  for (const auto& row : kEscapes) {
    if (escape == row.escape) {
      out->append(row.text);
      return true;
    }
  }
  uint32_t code_point = 0;
  if (escape.size() < 2 || escape.size() > 4 || escape[0] != 'u' ||
      !absl::SimpleHexAtoi(escape.substr(1), &code_point) ||
      code_point < 0x20 || code_point > 0x7e) {
    return false;
  }
  out->push_back(static_cast<char>(code_point));
  return true;
}

// "core::fmt::Write::h0123456789abcdef" without the hash and with escapes
// resolved; any other name as it is.
std::string WithoutRustHash(absl::string_view name) {
  constexpr size_t kHashBytes = 16;
  constexpr absl::string_view kSeparator = "::h";
  if (name.size() <= kHashBytes + kSeparator.size()) return std::string(name);
  const size_t cut = name.size() - kHashBytes - kSeparator.size();
  if (name.substr(cut, kSeparator.size()) != kSeparator)
    return std::string(name);
  for (size_t i = cut + kSeparator.size(); i < name.size(); ++i) {
    if (!absl::ascii_isdigit(name[i]) && (name[i] < 'a' || name[i] > 'f'))
      return std::string(name);
  }
  name = name.substr(0, cut);
  std::string readable;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool starts_component = i == 0 || name[i - 1] == ':';
    if (name[i] == '_' && starts_component && i + 1 < name.size() &&
        name[i + 1] == '$') {
      continue;  // put there so that the identifier does not begin with '$'
    }
    if (name[i] == '$') {
      const size_t end = name.find('$', i + 1);
      if (end != absl::string_view::npos &&
          AppendRustEscape(name.substr(i + 1, end - i - 1), &readable)) {
        i = end;
        continue;
      }
    }
    if (name[i] == '.' && i + 1 < name.size() && name[i + 1] == '.') {
      readable.append("::");
      ++i;
      continue;
    }
    readable.push_back(name[i]);
  }
  return readable;
}

}  // namespace

absl::string_view WithoutCloneSuffixes(absl::string_view name) {
  const size_t version = name.find('@');
  if (version != absl::string_view::npos && version > 0)
    name = name.substr(0, version);
  static constexpr absl::string_view kWithNumber[] = {
      ".part.", ".isra.", ".constprop.", ".lto_priv.", ".llvm.", ".cold."};
  for (bool has_changed = true; has_changed;) {
    absl::string_view shorter = name;
    has_changed = absl::ConsumeSuffix(&shorter, ".cold") && !shorter.empty();
    if (has_changed) name = shorter;
    for (absl::string_view suffix : kWithNumber) {
      const size_t at = name.rfind(suffix);
      if (at != absl::string_view::npos && at > 0 &&
          IsDigits(name.substr(at + suffix.size()))) {
        name = name.substr(0, at);
        has_changed = true;
      }
    }
  }
  return name;
}

std::string ReadableFunctionName(absl::string_view linkage_name) {
  if (linkage_name.size() > kMaxNameBytes)
    return std::string(linkage_name.substr(0, kMaxNameBytes));
  const std::string name(WithoutCloneSuffixes(linkage_name));
  if (!absl::StartsWith(name, "_Z")) return name;
  BoundedText demangled;
  demangled.text.reserve(kMaxNameBytes);
  if (!Demangle(name, &demangled)) return name;
  return WithoutRustHash(demangled.text);
}

}  // namespace heapline
