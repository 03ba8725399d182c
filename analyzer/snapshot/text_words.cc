#include "analyzer/snapshot/text_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "heapline/snapshot_format.h"

namespace heapline {
namespace {

constexpr ValueWord kModuleFlags[] = {{HL_MODULE_UNLOADED, "unloaded"},
                                      {HL_MODULE_VDSO, "vdso"},
                                      {HL_MODULE_MAIN, "main"}};
constexpr ValueWord kThreadFlags[] = {{HL_THREAD_LEADER, "leader"},
                                      {HL_THREAD_NOT_STOPPED, "not-stopped"},
                                      {HL_THREAD_IN_VFORK, "in-vfork"},
                                      {HL_THREAD_PARKED_LATE, "parked-late"}};
constexpr ValueWord kMappingFlags[] = {{HL_MAPPING_READ, "read"},
                                       {HL_MAPPING_WRITE, "write"},
                                       {HL_MAPPING_EXECUTE, "execute"},
                                       {HL_MAPPING_PRIVATE, "private"}};
constexpr ValueWord kNodeKinds[] = {
    {HL_NODE_RETURN_ADDRESS, "return"},
    {HL_NODE_INSTRUCTION_POINTER, "instruction"},
    {HL_NODE_GUESSED, "guessed"},
    {HL_NODE_THREAD, "thread"},
    {HL_NODE_SCOPE, "scope"},
    {HL_NODE_SPECIAL, "special"}};
constexpr ValueWord kSpecialNodes[] = {
    {HL_SPECIAL_ROOT, "root"},           {HL_SPECIAL_NO_STACK, "no-stack"},
    {HL_SPECIAL_TRUNCATED, "truncated"}, {HL_SPECIAL_UNSAMPLED, "unsampled"},
    {HL_SPECIAL_DROPPED, "dropped"},     {HL_SPECIAL_UNKNOWN, "unknown"}};
constexpr ValueWord kArchitectures[] = {{HL_ARCH_X86_64, "x86_64"},
                                        {HL_ARCH_AARCH64, "aarch64"}};
constexpr ValueWord kRootKinds[] = {
    {HL_ROOT_GLOBAL, "global"},     {HL_ROOT_TLS, "tls"},
    {HL_ROOT_THREAD, "thread"},     {HL_ROOT_REGION, "region"},
    {HL_ROOT_REGISTER, "register"}, {HL_ROOT_STACK, "stack"},
    {HL_ROOT_MAPPING, "mapping"},   {HL_ROOT_UNTRACED, "untraced"}};
constexpr ValueWord kWordKinds[] = {{HL_WORD_MODULE, "module"},
                                    {HL_WORD_COUNTS, "counts"}};

}  // namespace

absl::Span<const ValueWord> ModuleFlagWords() { return kModuleFlags; }
absl::Span<const ValueWord> ThreadFlagWords() { return kThreadFlags; }
absl::Span<const ValueWord> MappingFlagWords() { return kMappingFlags; }
absl::Span<const ValueWord> NodeKindWords() { return kNodeKinds; }
absl::Span<const ValueWord> SpecialNodeWords() { return kSpecialNodes; }
absl::Span<const ValueWord> ArchitectureWords() { return kArchitectures; }
absl::Span<const ValueWord> RootKindWords() { return kRootKinds; }
absl::Span<const ValueWord> WordKindWords() { return kWordKinds; }

std::string WordOf(absl::Span<const ValueWord> words, uint64_t value) {
  for (const ValueWord& row : words) {
    if (row.value == value) return row.word;
  }
  return HexNumber(value);
}

absl::optional<uint64_t> ValueOf(absl::Span<const ValueWord> words,
                                 absl::string_view word) {
  for (const ValueWord& row : words) {
    if (word == row.word) return row.value;
  }
  return absl::nullopt;
}

std::string FlagsText(absl::Span<const ValueWord> words, uint64_t flags) {
  std::vector<std::string> parts;
  for (const ValueWord& row : words) {
    if ((flags & row.value) == 0) continue;
    parts.push_back(row.word);
    flags &= ~row.value;
  }
  if (flags != 0) parts.push_back(HexNumber(flags));
  return absl::StrJoin(parts, ",");
}

absl::optional<uint64_t> ParseFlags(absl::Span<const ValueWord> words,
                                    absl::string_view text) {
  uint64_t flags = 0;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    absl::optional<uint64_t> value = ValueOf(words, part);
    if (!value.has_value()) value = ParseNumber(part);
    if (!value.has_value()) return absl::nullopt;
    flags |= *value;
  }
  return flags;
}

std::string ListOfWords(absl::Span<const ValueWord> words) {
  return absl::StrCat(
      "one of ",
      absl::StrJoin(words, ", ", [](std::string* out, const ValueWord& row) {
        out->append(row.word);
      }));
}

std::string HexNumber(uint64_t value) {
  return absl::StrCat("0x", absl::Hex(value));
}

absl::optional<uint64_t> ParseNumber(absl::string_view text) {
  if (text.empty() || text[0] == '-' || text[0] == '+') return absl::nullopt;
  uint64_t value = 0;
  const bool is_hex = text.size() > 2 && text.substr(0, 2) == "0x" &&
                      absl::ascii_isxdigit(text[2]);
  const bool is_number = is_hex ? absl::SimpleHexAtoi(text.substr(2), &value)
                                : absl::SimpleAtoi(text, &value);
  if (!is_number) return absl::nullopt;
  return value;
}

}  // namespace heapline
