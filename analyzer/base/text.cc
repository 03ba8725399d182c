#include "analyzer/base/text.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace heapline {
namespace {

bool IsBidiOrSeparator(uint32_t code_point) {
  return code_point == 0x061c || code_point == 0x200e || code_point == 0x200f ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

void AppendEscaped(std::string* out, absl::string_view bytes) {
  for (const char byte : bytes) {
    absl::StrAppendFormat(out, "\\x%02x", static_cast<unsigned char>(byte));
  }
}

// Appends the first character of *rest, escaped where it must be, and removes
// it from *rest.
void AppendSafeCharacter(std::string* out, absl::string_view* rest) {
  uint32_t code_point = 0;
  const size_t length = Utf8Character(*rest, &code_point);
  const size_t taken = length == 0 ? 1 : length;
  if (length == 0 || IsControl(code_point) || IsBidiOrSeparator(code_point)) {
    AppendEscaped(out, rest->substr(0, taken));
  } else {
    out->append(rest->data(), taken);
  }
  rest->remove_prefix(taken);
}

// `value` < 1024 with three significant digits, or "" where rounding makes it
// 1024, which the next unit shows better.
std::string ThreeDigits(double value) {
  if (value < 9.995) return absl::StrFormat("%.2f", value);
  if (value < 99.95) return absl::StrFormat("%.1f", value);
  return value < 1023.5 ? absl::StrFormat("%.0f", value) : "";
}

}  // namespace

size_t Utf8Character(absl::string_view bytes, uint32_t* code_point) {
  if (bytes.empty()) return 0;
  const auto at = [&bytes](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  const uint32_t first = at(0);
  size_t length = 0;
  uint32_t value = 0;
  uint32_t smallest = 0;
  if (first < 0x80) {
    *code_point = first;
    return 1;
  }
  if (first >= 0xc2 && first < 0xe0) {
    length = 2, value = first & 0x1f, smallest = 0x80;
  } else if (first >= 0xe0 && first < 0xf0) {
    length = 3, value = first & 0x0f, smallest = 0x800;
  } else if (first >= 0xf0 && first < 0xf5) {
    length = 4, value = first & 0x07, smallest = 0x10000;
  } else {
    return 0;
  }
  if (bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (at(i) & 0x3f);
  }
  const bool is_surrogate = value >= 0xd800 && value < 0xe000;
  if (value < smallest || value > 0x10ffff || is_surrogate) return 0;
  *code_point = value;
  return length;
}

std::string SafeText(absl::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) AppendSafeCharacter(&out, &bytes);
  return out;
}

std::string QuotedText(absl::string_view bytes) {
  std::string out = "\"";
  out.reserve(bytes.size() + 2);
  while (!bytes.empty()) {
    if (bytes[0] == '"' || bytes[0] == '\\') out.push_back('\\');
    AppendSafeCharacter(&out, &bytes);
  }
  out.push_back('"');
  return out;
}

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  static constexpr std::array<const char*, 6> kUnits = {"KiB", "MiB", "GiB",
                                                        "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  for (const char* unit : kUnits) {
    value /= 1024;
    if (value >= 1024) continue;
    const std::string digits = ThreeDigits(value);
    if (!digits.empty()) return absl::StrCat(digits, " ", unit);
  }
  return absl::StrFormat("%.0f EiB", value);
}

std::string HumanSignedBytes(int64_t bytes) {
  if (bytes >= 0) return absl::StrCat("+", HumanBytes(bytes));
  return absl::StrCat("-", HumanBytes(-static_cast<uint64_t>(bytes)));
}

std::string HumanCount(uint64_t count) { return absl::StrCat(count); }

std::string HumanSignedCount(int64_t count) {
  return absl::StrFormat("%+d", count);
}

std::string HumanDuration(uint64_t nanoseconds) {
  if (nanoseconds < 1000) return absl::StrCat(nanoseconds, " ns");
  const double seconds = static_cast<double>(nanoseconds) / 1e9;
  if (seconds < 999.5e-6) return ThreeDigits(seconds * 1e6) + " µs";
  if (seconds < 999.5e-3) return ThreeDigits(seconds * 1e3) + " ms";
  if (seconds < 59.95) return ThreeDigits(seconds) + " s";
  const uint64_t whole = nanoseconds / 1000000000;
  if (whole < 3600) {
    return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
  }
  return absl::StrFormat("%d h %02d min", whole / 3600, whole / 60 % 60);
}

std::string Counted(uint64_t count, absl::string_view singular) {
  return absl::StrCat(count, " ", singular, count == 1 ? "" : "s");
}

}  // namespace heapline
