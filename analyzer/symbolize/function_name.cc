#include "analyzer/symbolize/function_name.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace heapline {
namespace {

struct FreeDeleter {
  void operator()(char* text) const { free(text); }
};

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
std::string WithoutRustHash(std::string name) {
  constexpr size_t kHashBytes = 16;
  constexpr absl::string_view kSeparator = "::h";
  if (name.size() <= kHashBytes + kSeparator.size()) return name;
  const size_t cut = name.size() - kHashBytes - kSeparator.size();
  if (name.compare(cut, kSeparator.size(), kSeparator.data(),
                   kSeparator.size()) != 0) {
    return name;
  }
  for (size_t i = cut + kSeparator.size(); i < name.size(); ++i) {
    if (!absl::ascii_isdigit(name[i]) && (name[i] < 'a' || name[i] > 'f'))
      return name;
  }
  name.resize(cut);
  std::string readable;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool starts_component = i == 0 || name[i - 1] == ':';
    if (name[i] == '_' && starts_component && i + 1 < name.size() &&
        name[i + 1] == '$') {
      continue;  // put there so that the identifier does not begin with '$'
    }
    if (name[i] == '$') {
      const size_t end = name.find('$', i + 1);
      if (end != std::string::npos &&
          AppendRustEscape(absl::string_view(name).substr(i + 1, end - i - 1),
                           &readable)) {
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
  int status = 0;
  const std::unique_ptr<char, FreeDeleter> demangled(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status));
  if (status != 0 || demangled == nullptr) return name;
  std::string readable = WithoutRustHash(demangled.get());
  if (readable.size() > kMaxNameBytes) readable.resize(kMaxNameBytes);
  return readable;
}

}  // namespace heapline
