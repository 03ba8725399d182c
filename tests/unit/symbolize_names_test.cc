// The symbolizer's parts that need no file: readable names, interval sweep,
// perf maps, paths.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/function_name.h"
#include "analyzer/symbolize/interval_sweep.h"
#include "analyzer/symbolize/perf_map.h"

namespace heapline {
namespace {

TEST(FunctionNameTest, NamesAreReadableAndTheSameForAllClones) {
  const struct {
    const char* linkage_name;
    const char* readable;
  } kRows[] = {
      {"main", "main"},
      {"_ZN2ns1S1fEi", "ns::S::f(int)"},
      {"_ZN2ns1S1fEi.cold", "ns::S::f(int)"},
      {"parse.constprop.0", "parse"},
      {"parse.part.3.isra.0.cold", "parse"},
      {"parse.lto_priv.12", "parse"},
      {"parse.cold.1", "parse"},
      {"memcpy@GLIBC_2.2.5", "memcpy"},
      {"memcpy@@GLIBC_2.14", "memcpy"},
      {".cold", ".cold"},
      {"@odd", "@odd"},
      {"file.partial", "file.partial"},
      {"_Znot_a_name", "_Znot_a_name"},
      {"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE",
       "core::fmt::Write::write_fmt"},
      {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test"
       "$GT$$GT$3bar17h930b740aa94f1d3aE",
       "<Test + 'static as foo::Bar<Test>>::bar"},
      {"_ZN1a1hE", "a::h"},
      {"", ""},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(ReadableFunctionName(row.linkage_name), row.readable);
}

TEST(FunctionNameTest, NoNameIsLongerThanTheBound) {
  EXPECT_EQ(ReadableFunctionName(std::string(100000, 'x')).size(),
            kMaxNameBytes);
}

TEST(FunctionNameTest, ANameThatDoublesWithEachSubstitutionIsCut) {
  // f(A<int, int>, A<S_, S_>, …): each parameter is twice as long as the one
  // before it, 2^30 times "int" at the end.
  std::string name = "_Z1f1AIiiE";
  for (int i = 0; i < 30; ++i) {
    const char digit = static_cast<char>(i < 10 ? '0' + i : 'A' + i - 10);
    const std::string last = std::string("S") + digit + "_";
    name += "S_I" + last + last + "E";
  }
  const std::string readable = ReadableFunctionName(name);
  EXPECT_EQ(readable.size(), kMaxNameBytes);
  EXPECT_EQ(readable.substr(0, 16), "f(A<int, int>, A");
}

TEST(IntervalSweepTest, TheInnermostIntervalWins) {
  std::vector<Interval> intervals = {{30, 40, 1, 3},
                                     {10, 50, 0, 1},
                                     {20, 45, 1, 2},
                                     {60, 70, 1, 5},
                                     {60, 70, 0, 4}};
  SortIntervals(&intervals);
  EXPECT_EQ(InnermostValues(intervals,
                            {9, 10, 19, 20, 30, 39, 40, 44, 45, 49, 50, 65}),
            (std::vector<uint32_t>{kNoValue, 1, 1, 2, 3, 3, 2, 2, 1, 1,
                                   kNoValue, 5}));
}

TEST(IntervalSweepTest, AnyAddressInIsHalfOpen) {
  const std::vector<uint64_t> addresses = {10, 20};
  EXPECT_TRUE(AnyAddressIn(addresses, 10, 11));
  EXPECT_FALSE(AnyAddressIn(addresses, 11, 20));
  EXPECT_TRUE(AnyAddressIn(addresses, 11, 21));
  EXPECT_FALSE(AnyAddressIn(addresses, 21, UINT64_MAX));
}

TEST(PerfMapTest, BadLinesAreSkipped) {
  const PerfMap map = PerfMap::Parse(
      "\nxyz\n10\n10 \n10 10\n20 0 empty\nffffffffffffffff 10 beyond\n"
      "1000 20 name with spaces\n");
  EXPECT_EQ(map.FunctionAt(0x1000), "name with spaces");
  EXPECT_EQ(map.FunctionAt(0x101f), "name with spaces");
  EXPECT_EQ(map.FunctionAt(0x1020), "");
  EXPECT_EQ(map.FunctionAt(0x20), "");
  EXPECT_EQ(map.FunctionAt(UINT64_MAX), "");
}

TEST(NormalPathTest, DotsAreResolvedByText) {
  EXPECT_EQ(NormalPath("/a/./b/../c//d"), "/a/c/d");
  EXPECT_EQ(NormalPath("/../../a"), "/a");
  EXPECT_EQ(NormalPath("../a/../../b"), "../../b");
  EXPECT_EQ(NormalPath("a/.."), "");
  EXPECT_EQ(NormalPath("/"), "/");
}

}  // namespace
}  // namespace heapline
