// Which memory may be read: found out without a fault, remembered until told
// otherwise.
#include "preload/readable_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <thread>

#include "preload/tracer.h"

extern char** environ;

namespace heapline {
namespace {

constexpr size_t kPage = 4096;

class ReadableMemoryTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    tracer.environment = environ;
    InitializeReadableMemory();
  }
  void SetUp() override {
    ForgetReadablePages();
    pages_ = static_cast<char*>(mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(pages_ + 2 * kPage, kPage, PROT_NONE);
  }
  void TearDown() override { munmap(pages_, 4 * kPage); }
  uintptr_t At(size_t offset) const {
    return reinterpret_cast<uintptr_t>(pages_) + offset;
  }
  char* pages_;
};

TEST_F(ReadableMemoryTest, TheMainStackIsReadableUpToItsTop) {
  int local = 0;
  ReadableWindow window = {};
  EXPECT_TRUE(MakeReadable(&window, reinterpret_cast<uintptr_t>(&local)));
  EXPECT_TRUE(IsReadable(window, reinterpret_cast<uintptr_t>(environ)));
  EXPECT_FALSE(MakeReadable(&window, window.high));
}

TEST_F(ReadableMemoryTest, AThreadsStackIsReadableUpToItsControlBlock) {
  std::thread([] {
    int local = 0;
    ReadableWindow window = {};
    EXPECT_TRUE(MakeReadable(&window, reinterpret_cast<uintptr_t>(&local)));
    const uintptr_t self = reinterpret_cast<uintptr_t>(pthread_self());
    EXPECT_GE(window.high, self & ~(kPage - 1));
    EXPECT_TRUE(IsReadable(window, (self & ~(kPage - 1)) - 8));
    ForgetReadablePages();
    EXPECT_TRUE(IsReadable(window, reinterpret_cast<uintptr_t>(&local)));
  }).join();
}

TEST_F(ReadableMemoryTest, OtherPagesAreAskedForOneByOne) {
  ReadableWindow window = {};
  EXPECT_TRUE(MakeReadable(&window, At(0)));
  EXPECT_TRUE(IsReadable(window, At(kPage - 8)));
  EXPECT_FALSE(IsReadable(window, At(kPage)));
  EXPECT_TRUE(MakeReadable(&window, At(kPage)));
  EXPECT_TRUE(IsReadable(window, At(0))) << "pages side by side are one window";
  EXPECT_FALSE(MakeReadable(&window, At(2 * kPage)));
}

TEST_F(ReadableMemoryTest, AWordAcrossTwoPagesNeedsBoth) {
  ReadableWindow window = {};
  EXPECT_TRUE(MakeReadable(&window, At(kPage - 4)));
  EXPECT_FALSE(MakeReadable(&window, At(2 * kPage - 4)));
}

TEST_F(ReadableMemoryTest, AnswersAreVoidOnceToldSo) {
  ReadableWindow window = {};
  ASSERT_TRUE(MakeReadable(&window, At(0)));
  mprotect(pages_, kPage, PROT_NONE);
  ForgetReadablePages();
  EXPECT_FALSE(MakeReadable(&window, At(0)));
  EXPECT_FALSE(PageIsReadable(At(0)));
}

TEST_F(ReadableMemoryTest, AnUnreadablePageIsAskedForAgainAfterAWhile) {
  ASSERT_FALSE(PageIsReadable(At(2 * kPage)));
  mprotect(pages_ + 2 * kPage, kPage, PROT_READ);
  bool is_readable = false;
  for (int i = 0; i < 300 && !is_readable; ++i) {
    is_readable = PageIsReadable(At(2 * kPage));
  }
  EXPECT_TRUE(is_readable);
}

TEST_F(ReadableMemoryTest, AddressesThatNoUserHasAreRefusedWithoutAsking) {
  ReadableWindow window = {};
  EXPECT_FALSE(MakeReadable(&window, 0));
  EXPECT_FALSE(MakeReadable(&window, 8));
  EXPECT_FALSE(MakeReadable(&window, UINTPTR_MAX - 3));
  EXPECT_FALSE(MakeReadable(&window, uintptr_t{1} << 47));
  EXPECT_FALSE(MakeReadable(&window, uintptr_t{1} << 63));
}

TEST_F(ReadableMemoryTest, NothingIsAskedOnceCallsAreRestricted) {
  ReadableWindow window = {};
  ASSERT_TRUE(MakeReadable(&window, At(0)));
  tracer.calls_restricted = true;
  EXPECT_TRUE(PageIsReadable(At(0))) << "known already";
  EXPECT_FALSE(PageIsReadable(At(3 * kPage)));
  tracer.calls_restricted = false;
  EXPECT_TRUE(PageIsReadable(At(3 * kPage)));
}

}  // namespace
}  // namespace heapline
