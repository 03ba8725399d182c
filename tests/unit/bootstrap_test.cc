// The arena that serves what comes before the next allocator is known.
#include "preload/bootstrap.h"

#include <gtest/gtest.h>
#include <stdint.h>
#include <string.h>

#include <thread>
#include <vector>

namespace heapline {
namespace {

TEST(Bootstrap, ServesMoreThanItsFirstChunkAndKnowsItsBlocks) {
  std::vector<char*> blocks;
  for (size_t i = 0; i < 5000; ++i) {
    const size_t bytes = i % 100 == 0 ? 300000 : i;
    auto* block = static_cast<char*>(BootstrapAllocate(bytes, 16));
    ASSERT_NE(nullptr, block) << i;
    EXPECT_EQ(bytes, BootstrapBlockBytes(block));
    for (size_t at = 0; at < bytes; at += 97) ASSERT_EQ(0, block[at]) << i;
    memset(block, static_cast<int>(i), bytes);
    blocks.push_back(block);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_TRUE(IsBootstrapBlock(blocks[i])) << i;
    const size_t bytes = BootstrapBlockBytes(blocks[i]);
    for (size_t at = 0; at < bytes; at += 97) {
      ASSERT_EQ(static_cast<char>(i), blocks[i][at]) << i << " at " << at;
    }
  }
}

TEST(Bootstrap, KnowsNothingElse) {
  int on_stack = 0;
  std::vector<char> on_heap(10);
  EXPECT_FALSE(IsBootstrapBlock(&on_stack));
  EXPECT_FALSE(IsBootstrapBlock(on_heap.data()));
  EXPECT_FALSE(IsBootstrapBlock(nullptr));
}

TEST(Bootstrap, AlignsAsAsked) {
  for (size_t alignment = 1; alignment <= size_t{1} << 20; alignment *= 2) {
    void* block = BootstrapAllocate(10, alignment);
    ASSERT_NE(nullptr, block);
    EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(block) % alignment);
    EXPECT_TRUE(IsBootstrapBlock(block));
  }
}

TEST(Bootstrap, RefusesWhatNobodyHas) {
  EXPECT_EQ(nullptr, BootstrapAllocate(SIZE_MAX, 16));
  EXPECT_EQ(nullptr, BootstrapAllocate(SIZE_MAX / 2, 16));
  EXPECT_NE(nullptr, BootstrapAllocate(10, 16));
}

TEST(Bootstrap, GivesThreadsBlocksOfTheirOwn) {
  constexpr int kThreads = 4;
  constexpr int kBlocks = 3000;
  std::vector<std::vector<int*>> taken(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&taken, thread] {
      for (int i = 0; i < kBlocks; ++i) {
        auto* block = static_cast<int*>(BootstrapAllocate(200, 16));
        if (block == nullptr) return;
        *block = thread;
        taken[thread].push_back(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int thread = 0; thread < kThreads; ++thread) {
    ASSERT_EQ(kBlocks, static_cast<int>(taken[thread].size()));
    for (const int* block : taken[thread]) ASSERT_EQ(thread, *block);
  }
}

}  // namespace
}  // namespace heapline
