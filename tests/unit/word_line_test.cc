// word_line_test.cc: the filter of eight words against a look at each, and
// lines at the end of what can be read.
#include "preload/word_line.h"

#include <sys/mman.h>

#include <cstdint>
#include <random>

#include "gtest/gtest.h"

namespace heapline {
namespace {

// Of all sizes, often 0, often near the bounds.
uintptr_t RandomWord(std::mt19937_64* random, uintptr_t lowest,
                     uintptr_t highest) {
  const uintptr_t near = (*random)() % (uintptr_t{1} << 34);
  switch ((*random)() % 6) {
    case 0:
      return 0;
    case 1:
      return lowest + near;
    case 2:
      return highest - near;
    case 3:
      return ~near;
    default:
      return (*random)() >> ((*random)() % 64);
  }
}

bool IsBetween(uintptr_t word, uintptr_t lowest, uintptr_t highest) {
  return word >> 32 >= lowest >> 32 && word >> 32 <= highest >> 32;
}

void ExpectWordsBetween(uintptr_t lowest, uintptr_t highest) {
  std::mt19937_64 random(lowest ^ highest);
  const WordFilter filter(lowest, highest);
  uintptr_t line[kLineWords];
  for (int turn = 0; turn < 20000; ++turn) {
    unsigned between = 0;
    unsigned nonzero = 0;
    for (unsigned i = 0; i < kLineWords; ++i) {
      line[i] = RandomWord(&random, lowest, highest);
      if (!IsBetween(line[i], lowest, highest)) continue;
      between |= 1u << i;
      if (line[i] != 0) nonzero |= 1u << i;
    }
    ASSERT_EQ(filter.WordsOf(line), between);
    ASSERT_EQ(filter.NonzeroWordsOf(line), nonzero);
  }
}

TEST(WordFilter, TellsWordsByTheirUpperHalves) {
  ExpectWordsBetween(0, 0);
  ExpectWordsBetween(0, (uintptr_t{1} << 52) - 1);
  ExpectWordsBetween(0x555555554000, 0x555599990010);
  ExpectWordsBetween(0x555555554000, 0x7fffffffe000);
  ExpectWordsBetween(uintptr_t{1} << 32, (uintptr_t{1} << 34) + 16);
}

// A page that can be read before one that cannot.
class LineAtPageEnd : public testing::Test {
 protected:
  void SetUp() override {
    void* const pages = mmap(nullptr, 2 * kPageBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(pages, MAP_FAILED);
    start_ = static_cast<char*>(pages);
    ASSERT_EQ(mprotect(start_ + kPageBytes, kPageBytes, PROT_NONE), 0);
    auto* const words = reinterpret_cast<uintptr_t*>(start_);
    for (size_t i = 0; i < kPageBytes / sizeof *words; ++i) words[i] = i + 1;
    end_ = reinterpret_cast<uintptr_t>(start_) + kPageBytes;
  }
  void TearDown() override { munmap(start_, 2 * kPageBytes); }

  char* start_ = nullptr;
  uintptr_t end_ = 0;
};

TEST_F(LineAtPageEnd, ReadsNothingBehindThePage) {
  const WordFilter all(0, ~uintptr_t{0} >> 3);
  for (size_t count = 1; count <= kLineWords; ++count) {
    const uintptr_t address = end_ - count * sizeof(uintptr_t);
    uintptr_t copy[kLineWords] = {};
    const uintptr_t* const line = LineAt(address, count, copy);
    EXPECT_EQ(all.NonzeroWordsOf(line) & FirstWords(count), FirstWords(count));
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(line[i], kPageBytes / sizeof *line - count + i + 1);
    }
  }
}

TEST_F(LineAtPageEnd, CopiesNothingWhereThePageGoesOn) {
  for (size_t count = 1; count <= kLineWords; ++count) {
    const uintptr_t address = end_ - kLineBytes;
    uintptr_t copy[kLineWords] = {};
    EXPECT_EQ(LineAt(address, count, copy),
              reinterpret_cast<const uintptr_t*>(address));
  }
}

}  // namespace
}  // namespace heapline
