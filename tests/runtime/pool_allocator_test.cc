// pool_allocator_test.cc: pools against a map that knows what is live.
#include "samples/runtime/pool_allocator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <vector>

namespace runtime {
namespace {

struct Live {
  size_t bytes = 0;
  unsigned char fill = 0;
};

class PoolAllocatorTest : public testing::Test {
 protected:
  void* Allocate(size_t bytes) {
    void* const block = pools_.Allocate(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % kPoolAlignment, 0u);
    ExpectFree(block, bytes);
    const auto fill = static_cast<unsigned char>(++fills_);
    memset(block, fill, bytes);
    live_[static_cast<char*>(block)] = {bytes, fill};
    return block;
  }

  void Free(char* block) {
    const Live live = live_.at(block);
    for (size_t i = 0; i < live.bytes; ++i)
      ASSERT_EQ(static_cast<unsigned char>(block[i]), live.fill);
    live_.erase(block);
    pools_.Free(block, live.bytes);
  }

  void FreeAll() {
    while (!live_.empty()) Free(live_.begin()->first);
  }

  void CheckStats() const {
    uint64_t bytes = 0;
    uint64_t pooled = 0;
    for (const auto& [block, live] : live_) {
      bytes += live.bytes;
      pooled += live.bytes <= kLargestPooled ? 1 : 0;
    }
    EXPECT_EQ(pools_.stats().live_bytes, bytes);
    EXPECT_EQ(pools_.stats().live_blocks, live_.size());
    uint64_t used = 0;
    for (const PoolOccupancy& row : pools_.Occupancy()) {
      used += row.used_blocks;
      EXPECT_GT(row.pools, 0u);
      const uint64_t a_pool = (row.used_blocks + row.free_blocks) / row.pools;
      EXPECT_EQ(a_pool * row.pools, row.used_blocks + row.free_blocks);
      EXPECT_LE(a_pool * row.block_bytes, kPoolBytes);
      EXPECT_GT((a_pool + 4) * row.block_bytes, kPoolBytes - 64);
    }
    EXPECT_EQ(used, pooled);
  }

  PoolAllocator pools_{PoolReports::kReported};
  std::map<char*, Live> live_;

 private:
  // No live block lies where this one does.
  void ExpectFree(void* block, size_t bytes) {
    char* const start = static_cast<char*>(block);
    const auto next = live_.lower_bound(start);
    if (next != live_.end()) {
      EXPECT_LE(start + bytes, next->first);
    }
    if (next != live_.begin()) {
      const auto& [before, live] = *std::prev(next);
      EXPECT_LE(before + live.bytes, start);
    }
  }

  unsigned fills_ = 0;
};

TEST_F(PoolAllocatorTest, BlocksNeverOverlapAndKeepTheirBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 40000; ++round) {
    const bool is_growing = (round / 8000) % 2 == 0;
    if (live_.empty() || random() % 8 < (is_growing ? 6u : 2u)) {
      Allocate(random() % 4 == 0 ? random() % 1500 : random() % 160);
    } else {
      auto row = live_.lower_bound(live_.begin()->first + random() % 4000000);
      if (row == live_.end()) row = live_.begin();
      Free(row->first);
    }
    if (round % 2000 == 0) CheckStats();
  }
  CheckStats();
  FreeAll();
  CheckStats();
  EXPECT_EQ(pools_.arena_count(), 0u);
}

TEST_F(PoolAllocatorTest, EachSizeHasTheClassThatHoldsIt) {
  for (const size_t bytes : {0, 1, 15, 16, 17, 32, 33, 511, 512}) {
    Allocate(bytes);
    const size_t wanted = bytes == 0 ? 16 : (bytes + 15) / 16 * 16;
    bool is_there = false;
    for (const PoolOccupancy& row : pools_.Occupancy())
      is_there |= row.block_bytes == wanted;
    EXPECT_TRUE(is_there) << bytes;
  }
  EXPECT_EQ(pools_.arena_count(), 1u);
  FreeAll();
}

TEST_F(PoolAllocatorTest, LargeBlocksNeedNoArena) {
  Allocate(kLargestPooled + 1);
  EXPECT_EQ(pools_.arena_count(), 0u);
  EXPECT_TRUE(pools_.Occupancy().empty());
  FreeAll();
}

TEST_F(PoolAllocatorTest, AnEmptyPoolServesAnotherClass) {
  std::vector<char*> first;
  for (int i = 0; i < 400; ++i)
    first.push_back(static_cast<char*>(Allocate(500)));
  const uint64_t arenas = pools_.arena_count();
  EXPECT_EQ(arenas, 1u);
  for (char* block : first) {
    if (block != first.front()) Free(block);
  }
  for (int i = 0; i < 5000; ++i) Allocate(32);
  EXPECT_EQ(pools_.arena_count(), arenas);
  FreeAll();
  EXPECT_EQ(pools_.arena_count(), 0u);
}

TEST_F(PoolAllocatorTest, NewPoolsComeFromTheFullestArena) {
  std::vector<char*> blocks;
  while (pools_.arena_count() < 3)
    blocks.push_back(static_cast<char*>(Allocate(512)));
  // Of the first arena most, of the second a little.
  for (size_t i = 0; i < 400; ++i) Free(blocks[i]);
  for (size_t i = 450; i < 460; ++i) Free(blocks[i]);
  for (int i = 0; i < 7; ++i) Allocate(512);
  EXPECT_EQ(pools_.arena_count(), 3u);
  // The first empties, whatever was allocated since.
  for (size_t i = 400; i < 450; ++i) Free(blocks[i]);
  EXPECT_EQ(pools_.arena_count(), 2u);
  FreeAll();
}

TEST_F(PoolAllocatorTest, PeakIsTheHighestUntilItIsReset) {
  char* const first = static_cast<char*>(Allocate(100));
  Allocate(50);
  Free(first);
  EXPECT_EQ(pools_.stats().peak_bytes, 150u);
  pools_.ResetPeak();
  EXPECT_EQ(pools_.stats().peak_bytes, 50u);
  EXPECT_EQ(pools_.stats().total_blocks, 2u);
  FreeAll();
}

TEST(PoolAllocator, WhatIsLiveGoesWithIt) {
  PoolAllocator pools(PoolReports::kUnreported);
  for (int i = 0; i < 1000; ++i) pools.Allocate(64);
  EXPECT_EQ(pools.stats().live_blocks, 1000u);
}

}  // namespace
}  // namespace runtime
