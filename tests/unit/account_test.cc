// Where resident memory goes: rows sum to the RSS, each byte on the right one.
#include "analyzer/analysis/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/range_set.h"
#include "analyzer/snapshot/text_form.h"

namespace heapline {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Account AccountOfText(const std::string& text) {
  const absl::StatusOr<Snapshot> snapshot =
      ParseTextForm(absl::StrCat("heapline-text 1\n", text), "test");
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  const Account account = AccountOf(*snapshot);
  uint64_t sum = 0;
  for (const AccountRow& row : account.rows) sum += row.bytes;
  EXPECT_EQ(sum, account.rss_bytes);
  return account;
}

// Rows that are not 0, as "kind key" and bytes.
std::map<std::string, uint64_t> RowsOf(const Account& account) {
  std::map<std::string, uint64_t> rows;
  for (const AccountRow& row : account.rows) {
    if (row.bytes == 0) continue;
    rows[row.kind == AccountKind::kFile ? row.key
                                        : AccountKindName(row.kind)] +=
        row.bytes;
  }
  return rows;
}

TEST(Account, NothingIsSixRowsOfNothing) {
  const Account account = AccountOfText("");
  EXPECT_THAT(RowsOf(account), IsEmpty());
  EXPECT_EQ(account.rows.size(), 6u);
  EXPECT_FALSE(IsFragmented(account));
}

TEST(Account, TellsEveryKindApart) {
  const Account account = AccountOfText(R"(
property graph 1
module 0x400000 0x408000 flags=main "/bin/app"
module 0x700000 0x708000 "/libheapline.so"
thread 1 sp=0x7ffe8000 stack-end=0x7fff0000 main
thread 2 sp=0x9f8000 stack-end=0xa00000 worker
block 0x500010 size=1000
block 0x501000 size=96
block 0x900010 size=4000
mapping 0x400000 bytes=0x4000 rss=0x3000 flags=read,execute,private "/bin/app"
mapping 0x404000 bytes=0x4000 rss=0x2000 flags=read,write,private ""
mapping 0x500000 bytes=0x21000 rss=0x4000 flags=read,write,private "[heap]"
mapping 0x700000 bytes=0x8000 rss=0x5000 flags=read,private "/libheapline.so"
mapping 0x800000 bytes=0x80000 rss=0x40000 flags=read,write,private "[heapline]"
mapping 0x900000 bytes=0x10000 rss=0x1000 flags=read,write,private ""
mapping 0x9f0000 bytes=0x10000 rss=0x3000 flags=read,write,private ""
mapping 0xb00000 bytes=0x10000 rss=0x6000 flags=read,write,private ""
mapping 0xc00000 bytes=0x10000 rss=0x7000 flags=read,write,private ""
mapping 0x7ffe0000 bytes=0x10000 rss=0x8000 flags=read,write,private "[stack]"
mapping 0x7fff8000 bytes=0x2000 rss=0x1000 flags=read,execute,private "[vdso]"
root-area mapping 0 0xb00000 0x10000
)");
  EXPECT_THAT(RowsOf(account),
              UnorderedElementsAre(
                  std::make_pair("live", 5096),
                  std::make_pair("allocator", 0x4000 - 1096 + 0x1000 - 4000),
                  std::make_pair("stacks", 0x3000 + 0x8000),
                  std::make_pair("tracer", 0x5000 + 0x40000),
                  std::make_pair("anonymous", 0x6000),
                  std::make_pair("unexplained", 0x7000),
                  std::make_pair("/bin/app", 0x3000 + 0x2000),
                  std::make_pair("[vdso]", 0x1000)));
  EXPECT_EQ(account.explained_bytes(), account.rss_bytes - 0x7000);
}

TEST(Account, WhatTheSnapshotCouldNotReadOrTheProgramProtectsIsItsOwn) {
  const Account account = AccountOfText(R"(
property graph 1
mapping 0x100000 bytes=0x40000 rss=0x20000 flags=read,write,private ""
mapping 0x200000 bytes=0x10000 rss=0x8000 flags=read,execute,private ""
mapping 0x300000 bytes=0x10000 rss=0x4000 flags=read,private ""
mapping 0x400000 bytes=0x10000 rss=0x2000 flags=private ""
mapping 0x500000 bytes=0x10000 rss=0x1000 flags=read,write,private ""
root-area mapping 0 0x100000 0 unreadable 0x20000
)");
  EXPECT_THAT(RowsOf(account),
              UnorderedElementsAre(std::make_pair("anonymous", 0x2e000),
                                   std::make_pair("unexplained", 0x1000)));
}

TEST(Account, LiveBytesThatAreNotResidentStandInNoRow) {
  const Account account = AccountOfText(R"(
block 0x100000010 size=1073741824
mapping 0x100000000 bytes=1073745920 rss=8192 flags=read,write,private ""
)");
  EXPECT_THAT(RowsOf(account),
              UnorderedElementsAre(std::make_pair("live", 8192)));
  EXPECT_EQ(account.live_bytes, 1073741824u);
  EXPECT_EQ(account.absent_live_bytes, 1073741824u - 8192);
  EXPECT_FALSE(IsFragmented(account));
}

TEST(Account, ABlockAcrossMappingsCountsInEach) {
  const Account account = AccountOfText(R"(
block 0x10000 size=0x3000
mapping 0x10000 bytes=0x1000 rss=0x1000 ""
mapping 0x11000 bytes=0x1000 rss=0 ""
mapping 0x12000 bytes=0x2000 rss=0x2000 ""
)");
  EXPECT_THAT(RowsOf(account),
              UnorderedElementsAre(std::make_pair("live", 0x2000),
                                   std::make_pair("allocator", 0x1000)));
}

TEST(Account, AContainerCountsWithItsPoolBlocks) {
  const Account account = AccountOfText(R"(
block 0x10000 size=0x1000
pool-block 0x10100 size=256
pool-block 0x10200 size=256
mapping 0x10000 bytes=0x2000 rss=0x2000 ""
)");
  EXPECT_EQ(account.live_bytes, 512u);
  EXPECT_THAT(RowsOf(account),
              UnorderedElementsAre(std::make_pair("live", 512),
                                   std::make_pair("allocator", 0x2000 - 512)));
}

TEST(Account, AStackMergedWithTheHeapIsNoSlack) {
  const Account account = AccountOfText(R"(
thread 2 sp=0x13000 stack-end=0x14000 worker
block 0x10010 size=4000
mapping 0x10000 bytes=0x4000 rss=0x4000 ""
)");
  EXPECT_THAT(RowsOf(account),
              UnorderedElementsAre(std::make_pair("live", 4000),
                                   std::make_pair("stacks", 0x1000),
                                   std::make_pair("allocator", 0x3000 - 4000)));
}

TEST(Account, TheProgramsOwnMemoryMergedWithTheHeapIsNoSlack) {
  const std::string text = R"(
block 0x10010 size=4000
root-area mapping 0 0x12000 0x6000
mapping 0x10000 bytes=0x8000 flags=read,write,private "" rss=)";
  EXPECT_THAT(RowsOf(AccountOfText(text + "0x8000\n")),
              UnorderedElementsAre(
                  std::make_pair("live", 4000),
                  // Of 28768 bytes as much as of 24576 and 4192 of the heap's.
                  std::make_pair("anonymous", 0x6000),
                  std::make_pair("allocator", 0x2000 - 4000)));
  EXPECT_THAT(RowsOf(AccountOfText(text + "18384\n")),
              UnorderedElementsAre(std::make_pair("live", 4000),
                                   std::make_pair("anonymous", 0x3000),
                                   std::make_pair("allocator", 2096)));
}

TEST(Account, WhatLiesInTheTracersLibraryIsTheTracers) {
  EXPECT_THAT(RowsOf(AccountOfText(R"(
module 0x700000 0x708000 "/opt/libheapline.so"
mapping 0x700000 bytes=0x4000 rss=0x3000 flags=read,private "/libheapline.so"
mapping 0x704000 bytes=0x1000 rss=0x1000 flags=read,write "/run/heapline-0/7.0"
mapping 0x705000 bytes=0x3000 rss=0x2000 flags=read,write,private ""
)")),
              UnorderedElementsAre(std::make_pair("tracer", 0x6000)));
}

TEST(Account, BssGoesWithItsFileHoweverTheLoaderNamesIt) {
  EXPECT_THAT(
      RowsOf(AccountOfText(R"(
module 0x400000 0x408000 "/lib/libx.so"
mapping 0x400000 bytes=0x4000 rss=0x3000 flags=read,private "/usr/lib/libx.so.6"
mapping 0x404000 bytes=0x4000 rss=0x2000 flags=read,write,private ""
)")),
      UnorderedElementsAre(std::make_pair("/usr/lib/libx.so.6", 0x5000)));
}

TEST(Account, TheProgramsOwnMemoryMergedWithAStackIsNoStack) {
  EXPECT_THAT(RowsOf(AccountOfText(R"(
thread 2 sp=0x17000 stack-end=0x18000 worker
root-area mapping 0 0x18000 0x2000
mapping 0x10000 bytes=0xa000 rss=0x4000 flags=read,write,private ""
)")),
              UnorderedElementsAre(std::make_pair("stacks", 0x2000),
                                   std::make_pair("anonymous", 0x2000)));
}

TEST(Account, HeapMemoryOfUnknownBlocksIsTheAllocators) {
  EXPECT_THAT(RowsOf(AccountOfText(R"(
root-area untraced 0 0x10000 0x4000
mapping 0x10000 bytes=0x8000 rss=0x2000 flags=read,write,private ""
)")),
              UnorderedElementsAre(std::make_pair("allocator", 0x2000)));
}

TEST(Account, FragmentationIsSlackOverHalfOfWhatIsLive) {
  const auto with_rss = [](uint64_t rss_bytes) {
    return AccountOfText(
        absl::StrCat("block 0x10000 size=8192\n"
                     "mapping 0x10000 bytes=0x8000 rss=",
                     rss_bytes, " \"[heap]\"\n"));
  };
  EXPECT_FALSE(IsFragmented(with_rss(12288)));
  EXPECT_TRUE(IsFragmented(with_rss(16384)));
}

TEST(Account, ImpossibleMappingsStillSum) {
  const Account account = AccountOfText(R"(
thread 7 sp=0xffffffffffffffff stack-end=1 x
block 0x10000 size=144115188075790336
mapping 0x0 bytes=0xffffffffffffffff rss=0xffffffffffffffff "a"
mapping 0x10 bytes=0xffffffffffffffff rss=0xffffffffffffffff "b"
mapping 0x10000 bytes=0xfffffffffffffff rss=0xfffffffffffffff ""
mapping 0x10000 bytes=0x1000 rss=0x1000 ""
root-area stack 7 0xfffffffffffffff0 15
)");
  EXPECT_LE(account.rss_bytes, uint64_t{1} << 61);
}

TEST(Account, OfTwoProcessesIsTheirSum) {
  const std::string heap =
      "block 0x10000 size=100\n"
      "mapping 0x10000 bytes=4096 rss=4096 \"[heap]\"\n";
  Account sum =
      AccountOfText(heap + "mapping 0x20000 bytes=4096 rss=4096 \"/bin/a\"\n");
  AddAccount(AccountOfText(heap + "mapping 0x20000 bytes=4096 rss=4096 "
                                  "\"/bin/b\"\n"),
             &sum);
  EXPECT_EQ(sum.rss_bytes, 4 * 4096u);
  EXPECT_EQ(sum.live_bytes, 200u);
  EXPECT_THAT(RowsOf(sum),
              UnorderedElementsAre(std::make_pair("live", 200),
                                   std::make_pair("allocator", 8192 - 200),
                                   std::make_pair("/bin/a", 4096),
                                   std::make_pair("/bin/b", 4096)));
}

TEST(RangeSet, MergesAndMeasures) {
  RangeSet ranges;
  ranges.Add(30, 40);
  ranges.Add(10, 20);
  ranges.Add(15, 25);
  ranges.Add(50, 50);
  ranges.Add(60, 55);
  ranges.Seal();
  EXPECT_EQ(ranges.BytesWithin(0, 100), 25u);
  EXPECT_EQ(ranges.BytesWithin(24, 31), 2u);
  EXPECT_EQ(ranges.BytesWithin(25, 30), 0u);
  EXPECT_FALSE(ranges.Overlaps(25, 30));
  EXPECT_TRUE(ranges.Overlaps(24, 30));
  EXPECT_FALSE(ranges.Overlaps(50, 60));
}

}  // namespace
}  // namespace heapline
