// Messages of the shim: the words, and that saying one harms nobody.
#include "preload/message.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "preload/tracer.h"

namespace heapline {
namespace {

std::string Bytes(uint64_t bytes) {
  Line line;
  line.ByteCount(bytes);
  return line.c_str();
}

TEST(Line, NumbersAreWritten) {
  Line line;
  line.Number(0).Add(" ").Number(~uint64_t{0}).Add(" ").Signed(-5).Add(" ");
  line.Signed(INT64_MIN).Add(" ").Hex(0xdeadbeef).Add(" ").Hex(0);
  EXPECT_STREQ("0 18446744073709551615 -5 -9223372036854775808 0xdeadbeef 0x0",
               line.c_str());
}

TEST(Line, ByteCountsHaveOneDecimalAndNeverMoreThanThereIs) {
  EXPECT_EQ("0 bytes", Bytes(0));
  EXPECT_EQ("1 byte", Bytes(1));
  EXPECT_EQ("1023 bytes", Bytes(1023));
  EXPECT_EQ("1.0 KiB", Bytes(1024));
  EXPECT_EQ("1.5 MiB", Bytes(3 << 19));
  EXPECT_EQ("1023.9 KiB", Bytes((1 << 20) - 1));
  EXPECT_EQ("15.9 EiB", Bytes(~uint64_t{0}));
}

TEST(Line, ErrorsHaveWordsAndNumbers) {
  for (const int sign : {1, -1}) {
    Line line;
    line.Error(sign * ENOSPC);
    EXPECT_STREQ("No space left on device (28)", line.c_str());
  }
  Line unknown;
  unknown.Error(4000);
  EXPECT_STREQ("Unknown error (4000)", unknown.c_str());
}

TEST(Line, ControlBytesAreShownAndOverlongTextIsCut) {
  Line line;
  line.Add(
      "a\x1b\n\x7f"
      "b\xc3\xa4");
  EXPECT_STREQ(
      "a\\x1b\\x0a\\x7f"
      "b\xc3\xa4",
      line.c_str());
  for (int i = 0; i < 2000; ++i) line.Add("\x01");
  EXPECT_LT(line.size(), 1024u);
  EXPECT_EQ(line.size(), std::string(line.c_str()).size());
}

TEST(Line, ManyAtOnceAreKeptApart) {
  constexpr int kLines = 20;
  Line lines[kLines];
  for (int i = 0; i < kLines; ++i) lines[i].Add("line ").Signed(i);
  for (int i = 0; i < kLines; ++i) {
    EXPECT_EQ("line " + std::to_string(i), lines[i].c_str());
  }
  EXPECT_LE(sizeof(Line), 128u) << "hooks run on small stacks";
}

TEST(Text, GlobsMatchWholeTexts) {
  const struct {
    const char* pattern;
    const char* text;
    bool matches;
  } rows[] = {{"", "", true},
              {"*", "", true},
              {"a", "", false},
              {"?", "ab", false},
              {"redis*", "redis-server", true},
              {"*server", "redis-server", true},
              {"*s*r*", "redis-server", true},
              {"a*b*c", "aXbXbXc", true},
              {"a*b*c", "aXbXbX", false},
              {"a?c", "abc", true},
              {"abc", "abcd", false}};
  for (const auto& row : rows) {
    EXPECT_EQ(row.matches,
              GlobMatches(row.pattern, strlen(row.pattern), row.text))
        << row.pattern << " " << row.text;
  }
  EXPECT_TRUE(GlobMatches("abXX", 2, "ab"));
}

TEST(Text, CopiesAreBounded) {
  char out[4];
  EXPECT_EQ(3u, CopyText(out, sizeof out, "abcdef"));
  EXPECT_STREQ("abc", out);
  EXPECT_EQ(0u, CopyText(out, 1, "x"));
  EXPECT_STREQ("", out);
  EXPECT_TRUE(StartsWith("abc", "ab"));
  EXPECT_FALSE(StartsWith("a", "ab"));
  EXPECT_TRUE(Equal("", ""));
  EXPECT_FALSE(Equal("a", "ab"));
}

// Runs `act` in a process of its own whose fd 2 is `file`; returns its wait
// status. What fd 2 is, is noted once a process: hence the fork.
template <typename Act>
int InChild(int file, Act act) {
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(file, 2);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    alarm(20);
    act();
    _exit(0);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

std::string ReadAll(int fd) {
  char buffer[4096];
  const ssize_t count = read(fd, buffer, sizeof buffer);
  return std::string(buffer, count > 0 ? static_cast<size_t>(count) : 0);
}

TEST(Say, ErrorsAreSilencedByQuietAndTalkNeedsVerbose) {
  int ends[2];
  ASSERT_EQ(0, pipe2(ends, O_NONBLOCK));
  EXPECT_EQ(0, InChild(ends[1], [] {
              Say(Severity::kVerbose, "not shown");
              Say(Severity::kError, "one");
              tracer.options.verbose = true;
              Say(Severity::kVerbose, "two");
              tracer.options.quiet = true;
              Say(Severity::kError, "not shown");
              Say(Severity::kVerbose, "not shown");
            }));
  EXPECT_EQ("heapline: one\nheapline: two\n", ReadAll(ends[0]));
}

TEST(Say, ABrokenPipeEndsNobodyAndLeavesNoSignal) {
  int ends[2];
  ASSERT_EQ(0, pipe(ends));
  close(ends[0]);
  EXPECT_EQ(0, InChild(ends[1], [] {
              Say(Severity::kError, "nobody reads this");
              sigset_t pending;
              sigpending(&pending);
              if (sigismember(&pending, SIGPIPE)) _exit(3);
              sigset_t mask;
              sigprocmask(SIG_BLOCK, nullptr, &mask);
              if (sigismember(&mask, SIGPIPE)) _exit(4);
            }));
}

TEST(Say, AFullPipeDoesNotHoldTheProgramUp) {
  int ends[2];
  ASSERT_EQ(0, pipe(ends));
  EXPECT_EQ(0, InChild(ends[1], [] {
              fcntl(2, F_SETFL, O_NONBLOCK);
              const std::string block(4096, 'x');
              while (write(2, block.data(), block.size()) > 0) {
              }
              fcntl(2, F_SETFL, 0);
              Say(Severity::kError, "no room for this");
            }));
}

TEST(Say, AFileSizeLimitEndsNobody) {
  char name[] = "/tmp/heapline-message-XXXXXX";
  const int file = mkstemp(name);
  ASSERT_GE(file, 0);
  unlink(name);
  EXPECT_EQ(0, InChild(file, [] {
              const struct rlimit none = {0, 0};
              setrlimit(RLIMIT_FSIZE, &none);
              Say(Severity::kError, "too large for the limit");
            }));
}

TEST(Say, NothingIsWrittenIntoAFileThatTookTheNumberOfStandardError) {
  char name[] = "/tmp/heapline-message-XXXXXX";
  const int file = mkstemp(name);
  ASSERT_GE(file, 0);
  unlink(name);
  int ends[2];
  ASSERT_EQ(0, pipe2(ends, O_NONBLOCK));
  EXPECT_EQ(0, InChild(ends[1], [file] {
              NoteStandardError();
              dup2(file, 2);
              Say(Severity::kError, "this would be in somebody's data");
            }));
  EXPECT_EQ(0, lseek(file, 0, SEEK_END));
  EXPECT_EQ("", ReadAll(ends[0]));
}

}  // namespace
}  // namespace heapline
