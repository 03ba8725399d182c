// Reading suppressions: lines of LeakSanitizer's form and blocks of memcheck's,
// in one file if need be. One pass, line by line; what a block says is kept
// until its closing brace shows whether it is for us.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "analyzer/analysis/suppressions.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/mapped_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/symbolize/function_name.h"

namespace heapline {
namespace {

// No sensible one is longer; matching costs pattern times text.
constexpr size_t kMostPatternBytes = 4096;
constexpr size_t kMostFrames = 256;
constexpr absl::string_view kAnyFrames = "...";
constexpr absl::string_view kLeakKindsKey = "match-leak-kinds:";

constexpr absl::string_view kOutsideKeywords[] = {"leak:", "{"};
constexpr absl::string_view kFrameKeywords[] = {
    "fun:", "obj:", "src:", kAnyFrames, kLeakKindsKey};
// Memcheck's kinds of error. Only leaks are our business; Param alone has a
// further line, which is passed over with the rest.
constexpr absl::string_view kMemcheckKinds[] = {
    "Leak",   "Cond",   "Jump",   "Param",  "Free",    "Overlap", "Value0",
    "Value1", "Value2", "Value4", "Value8", "Value16", "Value32", "Addr1",
    "Addr2",  "Addr4",  "Addr8",  "Addr16", "Addr32",  "User"};

struct KindWord {
  absl::string_view word;
  unsigned kinds;
};
constexpr KindWord kKindWords[] = {
    {"definite", kDirectLeak},   {"indirect", kIndirectLeak},
    {"possible", kPossibleLeak}, {"reachable", kReachableBlock},
    {"all", kAllLeakKinds},      {"none", kNoLeakKind}};

// `text` as a glob of glob.h in which `signs` alone keep their meaning.
std::string GlobOf(absl::string_view text, absl::string_view signs) {
  std::string glob;
  for (const char byte : text) {
    const bool is_sign =
        byte == '*' || byte == '?' || byte == '[' || byte == '\\';
    if (is_sign && !absl::StrContains(signs, byte)) glob.push_back('\\');
    glob.push_back(byte);
  }
  return glob;
}

FramePattern LeakPattern(absl::string_view text) {
  const bool from_start = absl::ConsumePrefix(&text, "^");
  const bool to_end = absl::ConsumeSuffix(&text, "$");
  return {FramePattern::kAnyPart,
          absl::StrCat(from_start ? "" : "*", GlobOf(text, "*"),
                       to_end ? "" : "*")};
}

class SuppressionsParser {
 public:
  SuppressionsParser(absl::string_view text, absl::string_view name)
      : text_(text), name_(name) {}

  absl::StatusOr<std::vector<Suppression>> Parse();

 private:
  enum class State { kOutside, kName, kTool, kFrames, kPassedOver };

  absl::Status ReadLine(absl::string_view line);
  absl::Status ReadOutside(absl::string_view line);
  absl::Status ReadTool(absl::string_view line);
  absl::Status ReadFrame(absl::string_view line);
  absl::Status ReadKinds(absl::string_view words);
  absl::Status EndBlock();

  absl::Status Wrong(absl::string_view found, absl::string_view remedy) const;
  absl::Status Unknown(absl::string_view what, absl::string_view word,
                       absl::Span<const absl::string_view> known) const;

  const absl::string_view text_;
  const absl::string_view name_;
  size_t number_ = 0;  // of the line being read
  State state_ = State::kOutside;
  Suppression block_;
  std::vector<Suppression> all_;
};

absl::Status SuppressionsParser::Wrong(absl::string_view found,
                                       absl::string_view remedy) const {
  return Problem(
      absl::StatusCode::kInvalidArgument,
      absl::StrCat("reading suppressions, ", SafeText(name_), ":", number_),
      found, remedy);
}

absl::Status SuppressionsParser::Unknown(
    absl::string_view what, absl::string_view word,
    absl::Span<const absl::string_view> known) const {
  const std::string nearest = NearestWord(word.substr(0, 40), known);
  return Wrong(
      absl::StrCat(what, " ", QuotedText(word.substr(0, 60)), " is unknown"),
      nearest.empty() ? "leak:PATTERN lines and { memcheck blocks } are read"
                      : absl::StrCat("did you mean ", nearest, "?"));
}

absl::StatusOr<std::vector<Suppression>> SuppressionsParser::Parse() {
  for (absl::string_view line : absl::StrSplit(text_, '\n')) {
    ++number_;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (line.size() > kMostPatternBytes) {
      return Wrong(absl::StrCat("the line has ", line.size(), " bytes"),
                   absl::StrCat("at most ", kMostPatternBytes, " are read"));
    }
    const absl::Status status = ReadLine(line);
    if (!status.ok()) return status;
  }
  if (state_ != State::kOutside) {
    return Wrong(absl::StrCat("the block that begins in line ", block_.line,
                              " has no end"),
                 "close it with }");
  }
  return std::move(all_);
}

absl::Status SuppressionsParser::ReadLine(absl::string_view line) {
  if (state_ == State::kOutside) return ReadOutside(line);
  if (line == "}") return EndBlock();
  switch (state_) {
    case State::kName:
      block_.name = std::string(line);
      state_ = State::kTool;
      return absl::OkStatus();
    case State::kTool:
      return ReadTool(line);
    case State::kFrames:
      return ReadFrame(line);
    default:
      return absl::OkStatus();
  }
}

absl::Status SuppressionsParser::ReadOutside(absl::string_view line) {
  if (line == "{") {
    block_ = Suppression();
    block_.is_block = true;
    block_.line = number_;
    state_ = State::kName;
    return absl::OkStatus();
  }
  absl::string_view pattern = line;
  if (!absl::ConsumePrefix(&pattern, "leak:")) {
    const size_t colon = line.find(':');
    return Unknown(
        "the keyword",
        colon == absl::string_view::npos ? line : line.substr(0, colon + 1),
        kOutsideKeywords);
  }
  if (pattern.empty() || pattern == "^" || pattern == "$" || pattern == "^$") {
    return Wrong("leak: has no pattern", "leak:* leaves out every leak");
  }
  Suppression suppression;
  suppression.name = std::string(pattern);
  suppression.line = number_;
  suppression.frames.push_back(LeakPattern(pattern));
  all_.push_back(std::move(suppression));
  return absl::OkStatus();
}

// "Memcheck:Leak", or "Memcheck,Helgrind:…".
absl::Status SuppressionsParser::ReadTool(absl::string_view line) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) {
    return Wrong(absl::StrCat(QuotedText(line.substr(0, 60)),
                              " names no tool and kind of error"),
                 "the second line of a block is Memcheck:Leak");
  }
  state_ = State::kPassedOver;
  const std::vector<absl::string_view> tools =
      absl::StrSplit(line.substr(0, colon), ',');
  if (std::find(tools.begin(), tools.end(), "Memcheck") == tools.end()) {
    return absl::OkStatus();
  }
  const absl::string_view kind = line.substr(colon + 1);
  if (kind == "Leak") {
    state_ = State::kFrames;
  } else if (std::find(std::begin(kMemcheckKinds), std::end(kMemcheckKinds),
                       kind) == std::end(kMemcheckKinds)) {
    return Unknown("memcheck's error", kind, kMemcheckKinds);
  }
  return absl::OkStatus();
}

absl::Status SuppressionsParser::ReadKinds(absl::string_view words) {
  unsigned kinds = kNoLeakKind;
  for (absl::string_view word : absl::StrSplit(words, ',')) {
    word = absl::StripAsciiWhitespace(word);
    const auto row = std::find_if(
        std::begin(kKindWords), std::end(kKindWords),
        [word](const KindWord& known) { return known.word == word; });
    if (row == std::end(kKindWords)) {
      std::vector<absl::string_view> known;
      for (const KindWord& each : kKindWords) known.push_back(each.word);
      return Unknown("the kind of leak", word, known);
    }
    kinds |= row->kinds;
  }
  block_.kinds = kinds;
  return absl::OkStatus();
}

absl::Status SuppressionsParser::ReadFrame(absl::string_view line) {
  if (block_.frames.size() == kMostFrames) {
    return Wrong(
        absl::StrCat("the block has more than ", kMostFrames, " frames"),
        "`...` stands for any number of frames");
  }
  absl::string_view pattern = line;
  FramePattern frame{FramePattern::kAnyFrames, ""};
  if (absl::ConsumePrefix(&pattern, kLeakKindsKey)) return ReadKinds(pattern);
  if (line == kAnyFrames) {
    block_.frames.push_back(frame);
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&pattern, "fun:")) {
    frame.part = FramePattern::kFunction;
  } else if (absl::ConsumePrefix(&pattern, "obj:")) {
    frame.part = FramePattern::kModule;
  } else if (absl::ConsumePrefix(&pattern, "src:")) {
    frame.part = FramePattern::kFile;
  } else {
    const size_t colon = line.find(':');
    return Unknown(
        "the keyword",
        colon == absl::string_view::npos ? line : line.substr(0, colon + 1),
        kFrameKeywords);
  }
  // Memcheck writes linkage names; our frames have readable ones.
  const bool is_linkage_name =
      frame.part == FramePattern::kFunction &&
      absl::StartsWith(pattern, "_Z") &&
      pattern.find_first_of("*?") == absl::string_view::npos;
  frame.glob = is_linkage_name ? GlobOf(ReadableFunctionName(pattern), "")
                               : GlobOf(pattern, "*?");
  // A file is named without its directory.
  if (frame.part == FramePattern::kFile && !absl::StrContains(pattern, '/')) {
    frame.glob = absl::StrCat("*", frame.glob);
  }
  block_.frames.push_back(std::move(frame));
  return absl::OkStatus();
}

absl::Status SuppressionsParser::EndBlock() {
  const State ended = state_;
  state_ = State::kOutside;
  if (ended == State::kPassedOver) return absl::OkStatus();
  if (ended != State::kFrames || block_.frames.empty()) {
    return Wrong(absl::StrCat("the block that begins in line ", block_.line,
                              " has no frames"),
                 "give a name, Memcheck:Leak, and fun:, obj: or src: lines");
  }
  all_.push_back(std::move(block_));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Suppressions> Suppressions::TryParse(absl::string_view text,
                                                    absl::string_view name) {
  absl::StatusOr<std::vector<Suppression>> all =
      SuppressionsParser(text, name).Parse();
  if (!all.ok()) return all.status();
  Suppressions suppressions;
  suppressions.all_ = *std::move(all);
  return suppressions;
}

absl::StatusOr<Suppressions> Suppressions::TryRead(const std::string& path) {
  const absl::StatusOr<MappedFile> file = MappedFile::TryOpen(path);
  if (!file.ok()) return file.status();
  return TryParse(file->text(), path);
}

}  // namespace heapline
