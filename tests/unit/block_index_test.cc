// block_index_test.cc: the index and the list of ranges against searches that
// look at every block, for random blocks and words.
#include "preload/block_index.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "preload/range_list.h"

namespace heapline {
namespace {

struct Block {
  uintptr_t start;
  uint64_t bytes;
};

// Blocks of all sizes, some touching, some far apart, by ascending address.
std::vector<Block> RandomBlocks(std::mt19937_64* random) {
  std::vector<Block> blocks;
  uintptr_t at = uintptr_t{1} << 32;
  for (int i = 0; i < 300; ++i) {
    const int size_bits = static_cast<int>((*random)() % 28);
    const uint64_t bytes = (*random)() % (uint64_t{1} << size_bits);
    blocks.push_back({at, bytes});
    at = (at + std::max<uint64_t>(bytes, 1) + 15) & ~uintptr_t{15};
    if ((*random)() % 3 == 0) at += ((*random)() % 200) * 16;
    if ((*random)() % 40 == 0) at += ((*random)() % 9) << 26;
  }
  return blocks;
}

// The start of the block that `word` belongs to, or 0: looked for the long way.
uintptr_t HolderOf(const std::vector<Block>& blocks, uintptr_t word) {
  uintptr_t holder = 0;
  for (const Block& block : blocks) {
    if (word == block.start) return word;
    if (word > block.start && word - block.start <= block.bytes) {
      holder = block.start;
    }
  }
  return holder;
}

uint64_t BytesOf(const std::vector<Block>& blocks, uintptr_t start) {
  for (const Block& block : blocks) {
    if (block.start == start) return block.bytes;
  }
  return 0;
}

uintptr_t IndexedHolderOf(const BlockIndex& index,
                          const std::vector<Block>& blocks, uintptr_t word) {
  if (!index.reach().contains(word)) return 0;
  const BlockIndex::Hit hit = index.Find(word);
  if (hit.start == 0 || hit.is_certain) return hit.start;
  return word - hit.start <= BytesOf(blocks, hit.start) ? hit.start : 0;
}

TEST(BlockIndexTest, FindsWhatASearchThroughAllBlocksFinds) {
  std::mt19937_64 random(20);
  for (int round = 0; round < 20; ++round) {
    const std::vector<Block> blocks = RandomBlocks(&random);
    BlockIndex index;
    for (const Block& block : blocks) {
      ASSERT_TRUE(index.Add(block.start, block.bytes));
    }
    index.Finish();
    for (int i = 0; i < 3000; ++i) {
      const Block& near = blocks[random() % blocks.size()];
      uintptr_t word = near.start + random() % (near.bytes + 1);
      if (i % 3 == 0) word = near.start + near.bytes - 20 + random() % 40;
      if (i % 7 == 0) word = near.start + random() % (uintptr_t{1} << 29);
      ASSERT_EQ(HolderOf(blocks, word), IndexedHolderOf(index, blocks, word))
          << std::hex << word;
    }
  }
}

TEST(BlockIndexTest, HoldsNothingWhenEmpty) {
  BlockIndex index;
  index.Finish();
  for (const uintptr_t word :
       {uintptr_t{0}, uintptr_t{1} << 40, ~uintptr_t{0}}) {
    EXPECT_FALSE(index.reach().contains(word));
  }
}

TEST(RangeListTest, GapsAndRangesTogetherAreEverything) {
  std::mt19937_64 random(21);
  for (int round = 0; round < 200; ++round) {
    RangeList list;
    std::vector<bool> is_in(1000);
    for (int i = 0; i < 20; ++i) {
      const uintptr_t start = random() % 1000;
      const uintptr_t end = std::min<uintptr_t>(1000, start + random() % 60);
      list.Add(start, end);
      std::fill(is_in.begin() + static_cast<long>(start),
                is_in.begin() + static_cast<long>(std::max(start, end)), true);
    }
    list.Sort();
    std::vector<bool> is_in_list(1000, true);
    list.ForEachGap(0, 1000, [&](uintptr_t start, uintptr_t end) {
      for (; start < end; ++start) is_in_list[start] = false;
    });
    EXPECT_EQ(is_in, is_in_list);
    for (uintptr_t at = 0; at < 1000; ++at) {
      ASSERT_EQ(is_in[at], list.Contains(at)) << at;
    }
  }
}

}  // namespace
}  // namespace heapline
