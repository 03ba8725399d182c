// HEAPLINE_OPTIONS: what is taken, what is complained of, in which words.
#include "preload/options.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

namespace heapline {
namespace {

std::vector<std::string>* collected;

struct Parsed {
  Options options;
  std::vector<std::string> complaints;
};

Parsed Parse(const char* text) {
  Parsed parsed;
  collected = &parsed.complaints;
  ParseOptions(text, &parsed.options,
               [](const char* line) { collected->push_back(line); });
  return parsed;
}

TEST(Options, EveryDefaultInTheTableIsValid) {
  for (const char* text : {static_cast<const char*>(nullptr), "", ":::"}) {
    const Parsed parsed = Parse(text);
    EXPECT_TRUE(parsed.complaints.empty());
    EXPECT_STREQ("heapline-snapshots", parsed.options.out);
    EXPECT_TRUE(parsed.options.at_exit);
    EXPECT_TRUE(parsed.options.control);
    EXPECT_EQ(0, parsed.options.signal);
    EXPECT_EQ(62, parsed.options.reserved_signal);
    EXPECT_EQ(0u, parsed.options.interval);
    EXPECT_EQ(256u, parsed.options.depth);
    EXPECT_STREQ("all", parsed.options.follow);
    EXPECT_EQ(Unwinder::kCfi, parsed.options.unwinder);
  }
}

TEST(Options, ADefaultThatIsPutBackMustDifferFromTheOtherSignalToo) {
  const Parsed parsed = Parse("signal=RTMAX-2:reserved_signal=none");
  EXPECT_EQ(2u, parsed.complaints.size());
  EXPECT_EQ(0, parsed.options.signal);
  EXPECT_EQ(62, parsed.options.reserved_signal);
}

TEST(Options, ValuesOfEveryTypeAreTaken) {
  const Parsed parsed = Parse(
      "at_exit=0:depth=12:above=3M:interval=500ms:growth=10%"
      ":signal=USR2:out=/tmp/x:unwinder=libunwind");
  EXPECT_TRUE(parsed.complaints.empty());
  EXPECT_FALSE(parsed.options.at_exit);
  EXPECT_EQ(12u, parsed.options.depth);
  EXPECT_EQ(3u << 20, parsed.options.above);
  EXPECT_EQ(500000000u, parsed.options.interval);
  EXPECT_EQ(10u, parsed.options.growth.percent);
  EXPECT_EQ(0u, parsed.options.growth.bytes);
  EXPECT_EQ(SIGUSR2, parsed.options.signal);
  EXPECT_STREQ("/tmp/x", parsed.options.out);
  EXPECT_EQ(Unwinder::kLibunwind, parsed.options.unwinder);
}

TEST(Options, UnitsMultiply) {
  const struct {
    const char* text;
    uint64_t bytes;
  } sizes[] = {{"above=0", 0},
               {"above=7", 7},
               {"above=2k", 2048},
               {"above=2KB", 2048},
               {"above=2KiB", 2048},
               {"above=1G", uint64_t{1} << 30},
               {"above=1T", uint64_t{1} << 40}};
  for (const auto& row : sizes) {
    const Parsed parsed = Parse(row.text);
    EXPECT_TRUE(parsed.complaints.empty()) << row.text;
    EXPECT_EQ(row.bytes, parsed.options.above) << row.text;
  }
  const struct {
    const char* text;
    uint64_t ns;
  } durations[] = {{"interval=0", 0},
                   {"interval=1ms", 1000000},
                   {"interval=30s", uint64_t{30} * 1000000000},
                   {"interval=5m", uint64_t{300} * 1000000000},
                   {"interval=2h", uint64_t{7200} * 1000000000}};
  for (const auto& row : durations) {
    const Parsed parsed = Parse(row.text);
    EXPECT_TRUE(parsed.complaints.empty()) << row.text;
    EXPECT_EQ(row.ns, parsed.options.interval) << row.text;
  }
}

TEST(Options, SignalsHaveNamesAndNumbers) {
  const struct {
    const char* text;
    int number;
  } rows[] = {{"signal=none", 0},          {"signal=USR1", SIGUSR1},
              {"signal=SIGUSR2", SIGUSR2}, {"signal=10", 10},
              {"signal=RTMIN", 34},        {"signal=RTMIN+3", 37},
              {"signal=RTMAX", 64},        {"signal=SIGRTMAX-5", 59}};
  for (const auto& row : rows) {
    const Parsed parsed = Parse(row.text);
    EXPECT_TRUE(parsed.complaints.empty()) << row.text;
    EXPECT_EQ(row.number, parsed.options.signal) << row.text;
  }
}

TEST(Options, QuotedValuesHoldColonsAndQuotes) {
  const struct {
    const char* text;
    const char* out;
  } rows[] = {{"out=\"a:b\"", "a:b"},
              {"out='a:b':depth=3", "a:b"},
              {"out=\"a\\\"b\\\\c:d\"", "a\"b\\c:d"},
              {"out=plain\"quote", "plain\"quote"},
              {" out=x :verbose=1", "x "}};
  for (const auto& row : rows) {
    const Parsed parsed = Parse(row.text);
    EXPECT_TRUE(parsed.complaints.empty()) << row.text;
    EXPECT_STREQ(row.out, parsed.options.out) << row.text;
  }
}

TEST(Options, TheLastValueOfAKeyCounts) {
  EXPECT_EQ(2u, Parse("keep=1:keep=2").options.keep);
}

TEST(Options, AnUnknownKeyNamesTheNearestAndIsIgnored) {
  const Parsed parsed = Parse("intervall=3s:depth=9:SIGNL=USR1");
  ASSERT_EQ(2u, parsed.complaints.size());
  EXPECT_EQ(
      "HEAPLINE_OPTIONS: unknown option 'intervall' is ignored; did you mean "
      "'interval'? (help=1 lists all)",
      parsed.complaints[0]);
  EXPECT_NE(std::string::npos, parsed.complaints[1].find("'signal'"));
  EXPECT_EQ(9u, parsed.options.depth);
  EXPECT_EQ(0u, parsed.options.interval);
}

TEST(Options, ABadValueLeavesItsKeysDefaultAndOthersAlone) {
  const char* rows[] = {"depth=many",
                        "depth=-1",
                        "depth=",
                        "depth",
                        "depth=12x",
                        "depth=99999999999999999999",
                        "interval=30",
                        "interval=3d",
                        "interval=999999999999h",
                        "above=3X",
                        "above=9999999T",
                        "growth=x%",
                        "growth=10%%",
                        "signal=KILL",
                        "signal=STOP",
                        "signal=SEGV",
                        "signal=32",
                        "signal=65",
                        "signal=RTMAX-99",
                        "at_exit=yes",
                        "at_exit=2",
                        "unwinder=magic",
                        "out=",
                        "out=\"open",
                        "near_limit=100",
                        "reserved_signal=none",
                        "reserved_signal=KILL"};
  for (const char* row : rows) {
    const std::string text = std::string(row) + ":keep=5";
    const Parsed parsed = Parse(row[4] == '"' ? row : text.c_str());
    ASSERT_EQ(1u, parsed.complaints.size()) << row;
    const std::string key(row, strcspn(row, "="));
    EXPECT_EQ(0u, parsed.complaints[0].find("HEAPLINE_OPTIONS: " + key))
        << parsed.complaints[0];
    EXPECT_NE(std::string::npos,
              parsed.complaints[0].find("; taking " + key + "="))
        << parsed.complaints[0];
    EXPECT_EQ(256u, parsed.options.depth);
    EXPECT_EQ(62, parsed.options.reserved_signal);
    EXPECT_EQ(0, parsed.options.signal);
    EXPECT_EQ(0u, parsed.options.near_limit);
    EXPECT_STREQ("heapline-snapshots", parsed.options.out);
    if (row[4] != '"') EXPECT_EQ(5u, parsed.options.keep) << row;
  }
}

TEST(Options, TheTriggerAndTheReservedSignalDiffer) {
  const Parsed parsed = Parse("signal=RTMAX-2");
  ASSERT_EQ(1u, parsed.complaints.size());
  EXPECT_EQ(0, parsed.options.signal);
  EXPECT_EQ(62, parsed.options.reserved_signal);
}

TEST(Options, ALongValueIsRefusedWhole) {
  const std::string text = "out=" + std::string(5000, 'x');
  const Parsed parsed = Parse(text.c_str());
  ASSERT_EQ(1u, parsed.complaints.size());
  EXPECT_LT(parsed.complaints[0].size(), 300u);
  EXPECT_STREQ("heapline-snapshots", parsed.options.out);
}

TEST(Options, ControlBytesOfAValueDoNotReachTheTerminal) {
  const Parsed parsed = Parse("depth=\x1b[31m");
  ASSERT_EQ(1u, parsed.complaints.size());
  EXPECT_EQ(std::string::npos, parsed.complaints[0].find('\x1b'));
  EXPECT_NE(std::string::npos, parsed.complaints[0].find("\\x1b[31m"));
}

TEST(Options, TheTableIsPrintedRowByRow) {
  std::vector<std::string> lines;
  collected = &lines;
  DescribeOptions([](const char* line) { collected->push_back(line); });
  ASSERT_GT(lines.size(), 20u);
  EXPECT_EQ(0u, lines[0].find("out=heapline-snapshots  "));
}

}  // namespace
}  // namespace heapline
