// analyzer/base: text for people, patterns, nearest words, output files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "analyzer/base/base_name.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/glob.h"
#include "analyzer/base/mapped_file.h"
#include "analyzer/base/output_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

using ::testing::HasSubstr;

TEST(SafeText, LetsOrdinaryTextThrough) {
  EXPECT_EQ(SafeText("std::map<int, T>::f(\"a\\b\") é 漢 🙂"),
            "std::map<int, T>::f(\"a\\b\") é 漢 🙂");
}

TEST(SafeText, ShowsWhatCouldSteerATerminalAsBytes) {
  EXPECT_EQ(SafeText("\x1b[31m\r\n\t"), "\\x1b[31m\\x0d\\x0a\\x09");
  EXPECT_EQ(SafeText("\x7f\xc2\x9b"), "\\x7f\\xc2\\x9b");  // DEL, C1 CSI
  EXPECT_EQ(SafeText(absl::string_view("a\0b", 3)), "a\\x00b");
}

TEST(SafeText, ShowsWhatReordersOrHidesTextAsBytes) {
  EXPECT_EQ(SafeText("a\u202eb"), "a\\xe2\\x80\\xaeb");
  EXPECT_EQ(SafeText("a\u2066b"), "a\\xe2\\x81\\xa6b");
  EXPECT_EQ(SafeText("a\u2028b"), "a\\xe2\\x80\\xa8b");
}

TEST(SafeText, ShowsInvalidUtf8AsBytes) {
  EXPECT_EQ(SafeText("\xff"), "\\xff");
  EXPECT_EQ(SafeText("\xc3"), "\\xc3");                    // cut off
  EXPECT_EQ(SafeText("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(SafeText("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(SafeText("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(BaseName, IsWhatFollowsTheLastSlash) {
  EXPECT_EQ(BaseName("/usr/lib/libc.so.6"), "libc.so.6");
  EXPECT_EQ(BaseName("name"), "name");
  EXPECT_EQ(BaseName("folder/"), "");
  EXPECT_EQ(BaseName("/"), "");
  EXPECT_EQ(BaseName(""), "");
}

TEST(DirectoryName, IsWhatPrecedesTheLastSlash) {
  EXPECT_EQ(DirectoryName("/usr/lib/libc.so.6"), "/usr/lib");
  EXPECT_EQ(DirectoryName("folder/name"), "folder");
  EXPECT_EQ(DirectoryName("folder/"), "folder");
  EXPECT_EQ(DirectoryName("/name"), "");
  EXPECT_EQ(DirectoryName("name"), "");
  EXPECT_EQ(DirectoryName(""), "");
}

TEST(QuotedText, EscapesQuotesAndBackslashes) {
  EXPECT_EQ(QuotedText("a\"b\\c\n"), "\"a\\\"b\\\\c\\x0a\"");
}

TEST(HumanBytes, HasThreeSignificantDigits) {
  struct {
    uint64_t bytes;
    const char* text;
  } const rows[] = {
      {0, "0 B"},
      {1023, "1023 B"},
      {1024, "1.00 KiB"},
      {10240, "10.0 KiB"},
      {10240000, "9.77 MiB"},
      {10 << 20, "10.0 MiB"},
      {(100 << 20) - 1, "100 MiB"},
      {(1 << 20) - 1, "1.00 MiB"},
      {1047000, "1022 KiB"},
      {UINT64_MAX, "16.0 EiB"},
  };
  for (const auto& row : rows) EXPECT_EQ(HumanBytes(row.bytes), row.text);
}

TEST(HumanBytes, SignedOnesAlwaysHaveASign) {
  EXPECT_EQ(HumanSignedBytes(10240000), "+9.77 MiB");
  EXPECT_EQ(HumanSignedBytes(-64), "-64 B");
  EXPECT_EQ(HumanSignedBytes(0), "+0 B");
  EXPECT_EQ(HumanSignedBytes(INT64_MIN), "-8.00 EiB");
}

TEST(HumanCount, IsPlainDigits) {
  EXPECT_EQ(HumanCount(1024), "1024");
  EXPECT_EQ(HumanSignedCount(1000), "+1000");
  EXPECT_EQ(HumanSignedCount(-3), "-3");
  EXPECT_EQ(HumanSignedCount(0), "+0");
  EXPECT_EQ(Counted(1, "block"), "1 block");
  EXPECT_EQ(Counted(0, "block"), "0 blocks");
}

TEST(HumanDuration, PicksItsUnit) {
  EXPECT_EQ(HumanDuration(840), "840 ns");
  EXPECT_EQ(HumanDuration(3810000), "3.81 ms");
  EXPECT_EQ(HumanDuration(12000000000), "12.0 s");
  EXPECT_EQ(HumanDuration(61000000000), "1 min 01 s");
  EXPECT_EQ(HumanDuration(3720000000000), "1 h 02 min");
}

TEST(Glob, MatchesAsAShellDoesButStarsTakeSlashes) {
  struct {
    const char* pattern;
    const char* text;
    bool matches;
  } const rows[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "a/b", true},
      {"*/cache.cc", "src/x/cache.cc", true},
      {"*/cache.cc", "src/x/cache.cpp", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false},
      {"[!a-c]x", "dx", true},
      {"[]]", "]", true},
      {"[", "[", true},
      {"operator[]*", "operator[](int)", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"*a*b*c*", "xxaxxbxxcxx", true},
      {"*a*b*c*", "xxaxxcxxbxx", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(GlobMatches(row.pattern, row.text), row.matches)
        << row.pattern << " " << row.text;
  }
}

TEST(Glob, TakesLinearStepsOnHostilePatterns) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(5000, 'a')));
}

TEST(EditDistance, CountsChangesAndSwaps) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", "abc"), 0u);
  EXPECT_EQ(EditDistance("acb", "abc"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(NearestWord, IsEmptyWhereNothingIsNear) {
  EXPECT_EQ(NearestWord("daiff", {"top", "diff", "info"}), "diff");
  EXPECT_EQ(NearestWord("xyz", {"top", "diff", "info"}), "");
  EXPECT_EQ(NearestWord(std::string(1000, 'x'), {"top"}), "");
}

TEST(Problem, HasThreeParts) {
  EXPECT_EQ(std::string(Problem(absl::StatusCode::kNotFound, "reading a.hl",
                                "not there", "look elsewhere")
                            .message()),
            "reading a.hl: not there; look elsewhere");
}

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() { EXPECT_NE(mkdtemp(directory_), nullptr); }
  ~OutputFileTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const char* name) const {
    return std::string(directory_) + "/" + name;
  }
  std::string Contents(const char* name) const {
    std::ifstream in(Path(name));
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  size_t Entries() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      count += entry.exists() ? 1 : 0;
    }
    return count;
  }

 private:
  char directory_[40] = "/tmp/heapline-base-test-XXXXXX";
};

TEST_F(OutputFileTest, AppearsWhenItIsWhole) {
  absl::StatusOr<OutputFile> file =
      OutputFile::TryCreate(Path("a"), OutputFile::kPrivateMode);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->TryWrite("text").ok());
  EXPECT_FALSE(std::filesystem::exists(Path("a")));
  ASSERT_TRUE(file->TryCommit().ok());
  EXPECT_EQ(Contents("a"), "text");
  struct stat facts;
  ASSERT_EQ(stat(Path("a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(OutputFileTest, LeavesNothingUncommitted) {
  std::ofstream(Path("a")) << "old";
  {
    absl::StatusOr<OutputFile> file =
        OutputFile::TryCreate(Path("a"), OutputFile::kOrdinaryMode);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->TryWrite("new").ok());
  }
  EXPECT_EQ(Contents("a"), "old");
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(OutputFileTest, FailsBeforeTheWorkWhereItCannotBe) {
  const absl::StatusOr<OutputFile> file =
      OutputFile::TryCreate(Path("no/such/a"), OutputFile::kOrdinaryMode);
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(std::string(file.status().message()), HasSubstr("with -o"));
}

TEST_F(OutputFileTest, WritesDirectlyToADevice) {
  absl::StatusOr<OutputFile> file =
      OutputFile::TryCreate("/dev/null", OutputFile::kOrdinaryMode);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->TryWrite("gone").ok());
  EXPECT_TRUE(file->TryCommit().ok());
}

TEST_F(OutputFileTest, SaysWhenTheDiskIsFull) {
  absl::StatusOr<OutputFile> file =
      OutputFile::TryCreate("/dev/full", OutputFile::kOrdinaryMode);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(std::string(file->TryWrite("text").message()),
              HasSubstr("No space left"));
}

TEST_F(OutputFileTest, IsReadBackByMapping) {
  std::ofstream(Path("a")) << "text";
  std::ofstream(Path("empty"));
  const absl::StatusOr<MappedFile> file = MappedFile::TryOpen(Path("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->text(), "text");
  const absl::StatusOr<MappedFile> empty = MappedFile::TryOpen(Path("empty"));
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_TRUE(empty->text().empty());
}

}  // namespace
}  // namespace heapline
