// Names in a snapshot are hostile: whatever stands in them, nothing but plain
// text reaches a terminal, a line stays a line, and JSON stays JSON, in every
// report, rendering, export and message.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/golden/run_cli.h"

namespace heapline {
namespace {

// ESC, a C1 control as a byte and as UTF-8, CR, newline, tab, NUL, DEL, changes
// of direction, a line separator, invalid UTF-8, and what HTML, shells and CI
// systems take for theirs; as the text form writes them.
constexpr char kEvil[] =
    R"(e\x1b[31m\x1b]0;t\x07\x9b2J\xc2\x9b2J\x0d\x0a\x09\x00\x7f)"
    R"(\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xff\xc3\x28\xed\xa0\x80)"
    R"(</script><b>'\"&$(id)`%0A::error)";

// A snapshot with kEvil in every text that the format has.
std::string EvilSnapshot(uint64_t live_bytes) {
  std::string text = absl::StrCat(
      "heapline-text 1\nproperty live_bytes ", live_bytes,
      "\nproperty live_count 3\nproperty complete 1\nproperty graph 1\n"
      "property dropped_blocks 7\n");
  for (const char* name : {"program", "executable", "command_line", "host",
                           "heapline_version", "options", "label", "reason"}) {
    absl::StrAppend(&text, "property ", name, " \"EVIL\"\n");
  }
  absl::StrAppend(
      &text,
      "property 9002 \"EVIL\"\n"
      "module 0x400000 0x500000 build-id=ab12 \"/EVIL/lib.so\"\n"
      "module 0x600000 0x700000 \"EVIL\"\n"
      "thread 7 node=1 \"EVIL\"\n"
      "node 1 parent=0 thread\nlabel 1 \"EVIL\"\n"
      "node 2 parent=1 return 0x400100 function=\"EVIL\" at=\"/src/EVIL:1\" "
      "module=\"/bin/EVIL\"\n"
      "node 3 parent=2 return 0x400200\n"
      "node 4 parent=3 scope\nlabel 4 \"EVIL\"\n"
      "node 5 parent=1 return 0x600100\n"
      "block 0x1000 size=",
      live_bytes - 48,
      " node=3\n"
      "block 0x8000000 size=32 node=5\n"
      "block 0x9000000 size=16 node=3\n"
      // A cycle that a word of a module holds, and a leak.
      "root global 0 0x600300 0x8000000\nroot stack 7 0x7f00 0x1000\n"
      "edge 0x1000 +0x18 0x8000000\nedge 0x8000000 +0x8 0x1000\n"
      "word 0x1000 0 counts 1 0\nword 0x1000 1 module 0x600200\n"
      "type-name 0x600200 \"EVIL\"\n"
      "mapping 0x400000 bytes=4096 rss=4096 \"EVIL\"\n"
      "expected-dead 0x1000 \"EVIL\"\n"
      "damage \"EVIL\"\n");
  return absl::StrReplaceAll(text, {{"EVIL", kEvil}});
}

class HostileNames : public testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/heapline-names-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
    Write("old.txt", EvilSnapshot(64));
    Write("new.txt", EvilSnapshot(4096));
    // A file may have such a name, too.
    Write("e\x1b[31m\xe2\x80\xae\r\n\xff.txt", EvilSnapshot(64));
  }
  void TearDown() override { Run("rm -r \"$PWD\""); }

  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << bytes;
  }
  CliResult Run(const std::string& command_line) const {
    return RunCli(HEAPLINE_CLI, directory_, command_line);
  }

  std::string directory_;
};

// "" where `text` is plain UTF-8 in lines; else what is wrong with it. Written
// apart from the product's own code for this.
std::string Complaint(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    size_t length = 1;
    uint32_t point = byte;
    if (byte >= 0x80) {
      length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      if (byte < 0xc2 || byte > 0xf4 || i + length > text.size()) {
        return absl::StrCat("invalid UTF-8 at ", i);
      }
      point = byte & (0xff >> (length + 1));
      for (size_t k = 1; k < length; ++k) {
        if ((text[i + k] & 0xc0) != 0x80) return "invalid UTF-8";
        point = point << 6 | (text[i + k] & 0x3f);
      }
    }
    const bool steers =
        (point < 0x20 && point != '\n') || (point >= 0x7f && point < 0xa0);
    const bool hides = (point >= 0x200e && point <= 0x200f) ||
                       (point >= 0x2028 && point <= 0x202e) ||
                       (point >= 0x2066 && point <= 0x2069);
    if (steers || hides || (point >= 0xd800 && point < 0xe000)) {
      return absl::StrCat("U+", absl::Hex(point), " at ", i, ": ",
                          text.substr(i > 40 ? i - 40 : 0, 60));
    }
    i += length;
  }
  return "";
}

std::vector<std::string> Reports() {
  std::vector<std::string> reports = {"info new.txt", "info ."};
  for (const char* key :
       {"line", "function", "file", "module", "stack", "type", "thread"}) {
    reports.push_back(absl::StrCat("top new.txt --by ", key));
    reports.push_back(absl::StrCat("diff old.txt new.txt --by ", key));
  }
  reports.push_back("top new.txt --cumulative");
  reports.push_back("top new.txt --attribute innermost");
  reports.push_back("top .");
  for (const char* report :
       {"leaks new.txt --kinds direct,indirect,possible,reachable",
        "paths new.txt 0x1000", "paths new.txt 0x9000000", "retained new.txt",
        "retained new.txt --by type", "cycles new.txt --reachable",
        "account new.txt", "account old.txt new.txt"}) {
    reports.push_back(report);
  }
  for (const char* view : {"", "--from 0x1000", "--to 0x8000000"}) {
    reports.push_back(absl::StrCat("graph new.txt ", view));
  }
  return reports;
}

// `leaks` finds some.
int StatusOf(const std::string& report) {
  return report.rfind("leaks", 0) == 0 ? 1 : 0;
}

TEST_F(HostileNames, SteerNoTerminalInAnyReport) {
  for (const std::string& report : Reports()) {
    const CliResult result = Run("\"$HEAPLINE\" " + report);
    EXPECT_EQ(result.exit_status, StatusOf(report)) << report << result.err;
    EXPECT_NE(result.out, "") << report;
    EXPECT_EQ(Complaint(result.out), "") << report;
    EXPECT_EQ(Complaint(result.err), "") << report;
  }
}

TEST_F(HostileNames, AreColouredByTheReportAlone) {
  const CliResult result =
      Run("\"$HEAPLINE\" diff old.txt new.txt --by stack --color always");
  const std::string plain = absl::StrReplaceAll(result.out, {{"\033[0m", ""},
                                                             {"\033[1m", ""},
                                                             {"\033[2m", ""},
                                                             {"\033[31m", ""},
                                                             {"\033[32m", ""}});
  EXPECT_NE(plain, result.out);
  EXPECT_EQ(Complaint(plain), "");
}

TEST_F(HostileNames, StayWithinTheirQuotesInADrawing) {
  const CliResult result = Run("\"$HEAPLINE\" graph e*.txt --format dot");
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Complaint(result.out), "");
  // No line ends within quotes.
  bool is_quoted = false, is_escaped = false;
  for (const char c : result.out) {
    ASSERT_FALSE(c == '\n' && is_quoted) << result.out;
    if (c == '"' && !is_escaped) is_quoted = !is_quoted;
    is_escaped = c == '\\' && !is_escaped;
  }
}

TEST_F(HostileNames, LeaveJsonReadableAndAscii) {
  for (const std::string& report : Reports()) {
    const CliResult result = Run("\"$HEAPLINE\" " + report + " --format json");
    EXPECT_EQ(result.exit_status, StatusOf(report)) << report << result.err;
    EXPECT_FALSE(
        nlohmann::json::parse(result.out, nullptr, false).is_discarded())
        << report;
    for (const char byte : result.out) {
      ASSERT_TRUE((byte >= ' ' && byte < 0x7f) || byte == '\n') << report;
    }
  }
}

TEST_F(HostileNames, AreQuotedInTheTextFormWithoutLoss) {
  const CliResult text = Run("\"$HEAPLINE\" export --to text new.txt");
  EXPECT_EQ(text.exit_status, 0) << text.err;
  EXPECT_EQ(Complaint(text.out), "");
  EXPECT_EQ(Complaint(text.err), "");
  Write("again.txt", text.out);
  EXPECT_EQ(Run("\"$HEAPLINE\" export --to text again.txt").out, text.out);
}

TEST_F(HostileNames, SteerNoTerminalFromAMessage) {
  for (const char* arguments :
       {"$'\\e[31m\\xff'", "top $'--\\e[31mby'", "top --by $'\\e[31m\\r\\n'",
        "top $'no\\e[31mfile\\n'", "top new.txt --path-map $'\\e[31m'",
        "export --to $'\\e[31m' new.txt", "top e*.txt e*.txt",
        "pack $'e\\e[31m'*", "status $'\\e[31m'", "info e*.txt",
        "graph new.txt --from $'\\e[31m'", "graph new.txt --to e*.txt",
        "run --set $'\\e[31m=1' -- true"}) {
    const CliResult result = Run(absl::StrCat(
        "bash -c \"\\\"$HEAPLINE\\\" ",
        absl::StrReplaceAll(arguments, {{"$", "\\$"}, {"\\", "\\\\"}}), "\""));
    EXPECT_EQ(Complaint(result.err), "") << arguments;
    EXPECT_NE(result.err + result.out, "") << arguments;
  }
}

}  // namespace
}  // namespace heapline
