// The live table against a std::map, and the corners of its entry.
#include "preload/live_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>
#include <vector>

namespace heapline {
namespace {

// Every page may have been written: what a scan assumes without /proc.
void AllTouched(const void*, size_t pages, uint64_t* bits) {
  for (size_t i = 0; i < pages; ++i) bits[i / 64] |= uint64_t{1} << (i % 64);
}

std::vector<LiveBlock> AllBlocks(const LiveTable& table) {
  std::vector<LiveBlock> blocks;
  table.ForEach(AllTouched, [&](const LiveBlock& b) { blocks.push_back(b); });
  return blocks;
}

class LiveTableTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(table_.Initialize()); }
  LiveTable table_ = {};
};

TEST_F(LiveTableTest, KeepsEveryFieldAtItsLimits) {
  const uintptr_t address = 0x7ffff7a3c010;
  ASSERT_TRUE(table_.Set(address, (1u << 26) - 1, Entry::kLargeSize - 1,
                         0xffff));
  const Entry entry = table_.Find(address);
  ASSERT_TRUE(entry.is_live());
  EXPECT_EQ(entry.node(), (1u << 26) - 1);
  EXPECT_EQ(entry.epoch(), 0xffff);
  EXPECT_EQ(table_.SizeOf(address, entry), Entry::kLargeSize - 1);
}

TEST_F(LiveTableTest, TellsTheTwoHalvesOfAUnitApart) {
  ASSERT_TRUE(table_.Set(0x1000010, 7, 64, 1));
  EXPECT_FALSE(table_.Find(0x1000000).is_live());
  EXPECT_TRUE(table_.Find(0x1000010).is_live());
}

TEST_F(LiveTableTest, DoesNotKnowInteriorOrUnalignedAddresses) {
  ASSERT_TRUE(table_.Set(0x1000010, 7, 64, 1));
  EXPECT_FALSE(table_.Find(0x1000018).is_live());
  EXPECT_FALSE(table_.Find(0x1000030).is_live());
  EXPECT_FALSE(table_.Clear(0x1000011).is_live());
  EXPECT_TRUE(table_.Find(0x1000010).is_live());
}

TEST_F(LiveTableTest, KeepsLargeSizesExactly) {
  const uint64_t sizes[] = {Entry::kLargeSize, uint64_t{1} << 20,
                            (uint64_t{1} << 20) + 1, uint64_t{1} << 45};
  uintptr_t address = 0x7f0000000010;
  for (const uint64_t size : sizes) {
    ASSERT_TRUE(table_.Set(address, 1, size, 0));
    EXPECT_EQ(table_.SizeOf(address, table_.Find(address)), size);
    address += uintptr_t{1} << 20;
  }
}

TEST_F(LiveTableTest, RefusesAddressesThatNoUserMappingCanHave) {
  EXPECT_FALSE(table_.Set(uintptr_t{1} << 47, 1, 16, 0));
  EXPECT_FALSE(table_.Find(uintptr_t{1} << 47).is_live());
  EXPECT_FALSE(table_.Clear(~uintptr_t{15}).is_live());
}

TEST_F(LiveTableTest, EqualsAMapUnderRandomOperations) {
  std::mt19937_64 random(20261121);
  struct Value {
    uint64_t size;
    NodeId node;
    Epoch epoch;
  };
  std::map<uintptr_t, Value> model;
  for (int step = 0; step < 300000; ++step) {
    // A few regions, dense, each block in a unit of its own.
    const uintptr_t unit = random() % 40000 * 32 +
                           (random() % 3) * (uintptr_t{200} << 20) + 0x10000000;
    const auto found = model.lower_bound(unit);
    const bool taken = found != model.end() && found->first < unit + 32;
    if (taken) {
      const Entry entry = table_.Clear(found->first);
      ASSERT_TRUE(entry.is_live());
      EXPECT_EQ(entry.node(), found->second.node);
      model.erase(found);
    } else {
      const uintptr_t address = unit + (random() % 2) * 16;
      const Value value = {random() % 100000,
                           static_cast<NodeId>(random() % (1u << 26)),
                           static_cast<Epoch>(random())};
      ASSERT_TRUE(table_.Set(address, value.node, value.size, value.epoch));
      model[address] = value;
    }
  }
  const std::vector<LiveBlock> blocks = AllBlocks(table_);
  ASSERT_EQ(blocks.size(), model.size());
  auto expected = model.begin();
  for (const LiveBlock& block : blocks) {
    EXPECT_EQ(block.address, expected->first);
    EXPECT_EQ(block.requested_bytes, expected->second.size);
    EXPECT_EQ(block.node, expected->second.node);
    EXPECT_EQ(block.epoch, expected->second.epoch);
    ++expected;
  }
}

TEST_F(LiveTableTest, SkipsPagesThatWereNeverTouched) {
  ASSERT_TRUE(table_.Set(0x1000010, 7, 64, 1));
  size_t seen = 0;
  table_.ForEach([](const void*, size_t, uint64_t*) {},
                 [&](const LiveBlock&) { ++seen; });
  EXPECT_EQ(seen, 0u);
}

TEST_F(LiveTableTest, ThreadsThatRaceForALeafAgreeOnOne) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int round = 0; round < kRounds; ++round) {
        const uintptr_t address = (uintptr_t{0x100} + round) << 26;
        table_.Set(address + t * 32, 1 + t, 16, 0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(AllBlocks(table_).size(), size_t{kThreads} * kRounds);
}

TEST(PoolTableTest, TellsBlocksSixteenBytesApart) {
  PoolTable table = {};
  ASSERT_TRUE(table.Initialize());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(table.Set(0x5000000 + i * 16, i + 1, 16, 0));
  }
  int next = 0;
  table.ForEach(AllTouched, [&](const LiveBlock& block) {
    EXPECT_EQ(block.address, 0x5000000u + next * 16);
    EXPECT_EQ(block.node, static_cast<NodeId>(next + 1));
    ++next;
  });
  EXPECT_EQ(next, 100);
}

}  // namespace
}  // namespace heapline
