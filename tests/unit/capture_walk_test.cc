// Walking by rules gives libunwind's stack, frame by frame, over frames that
// are hard to unwind, in any order, in any thread, on any stack.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "preload/capture.h"
#include "preload/libunwind_oracle.h"
#include "preload/readable_memory.h"
#include "preload/stack_walk.h"
#include "preload/tracer.h"
#include "tests/unit/hostile_frames.h"

extern char** environ;

namespace heapline {
namespace {

constexpr int kMostFrames = 2000;

struct Comparison {
  int stacks = 0;
  int wrong = 0;
  int shorter = 0;
  int longer = 0;
  int not_whole = 0;
  int deepest = 0;
};
Comparison comparison;

// Kept off the stack that is walked.
WalkedFrame ours[kMostFrames];
void* theirs[kMostFrames];

// Compares what lies outwards of the caller of the function that calls this.
void Compare(CallerContext caller, ThreadState* rule_cache) {
  if (current_thread == nullptr) AttachThread();
  ReadableWindow window = {};
  bool is_whole = false;
  const int count =
      WalkStack({caller.return_address(), caller.sp(), caller.bp(), false},
                &window, rule_cache, ours, kMostFrames, &is_whole);
  const int all = LibunwindBacktrace(current_thread, theirs, kMostFrames);
  int first = 0;
  while (first < all && reinterpret_cast<uintptr_t>(theirs[first]) !=
                            caller.return_address()) {
    ++first;
  }
  ASSERT_LT(first, all);
  int same = 0;
  while (same < count && first + same < all &&
         reinterpret_cast<uintptr_t>(theirs[first + same]) == ours[same].pc) {
    ++same;
  }
  ++comparison.stacks;
  comparison.wrong += same < count && first + same < all;
  comparison.shorter += same == count && first + same < all;
  comparison.longer += same < count && first + same == all;
  comparison.not_whole += !is_whole;
  if (count > comparison.deepest) comparison.deepest = count;
}

__attribute__((noinline)) void CompareHere() {
  const CallerContext caller = HEAPLINE_CALLER_CONTEXT();
  Compare(caller, nullptr);
  Compare(caller, current_thread);
}

class CaptureWalkTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    tracer.environment = environ;
    tracer.pid = getpid();
    InitializeCapture();
    ASSERT_TRUE(LoadLibunwind());
  }
  void SetUp() override { comparison = Comparison(); }
  void ExpectAllEqual() {
    EXPECT_GT(comparison.stacks, 0);
    EXPECT_EQ(comparison.wrong, 0);
    EXPECT_EQ(comparison.shorter, 0);
    EXPECT_EQ(comparison.longer, 0);
    EXPECT_EQ(comparison.not_whole, 0);
  }
};

// A tower of hostile frames: script[0] is the outermost.
std::vector<int> script;
size_t script_at;

void NextFrame() {
  if (script_at == script.size()) {
    CompareHere();
    return;
  }
  const int number = script[script_at++];
  kHostileFrame[number](NextFrame);
}

void RunTower(const std::vector<int>& numbers) {
  script = numbers;
  script_at = 0;
  NextFrame();
}

TEST_F(CaptureWalkTest, EqualsLibunwindInEachHostileFrame) {
  for (int number = 0; number < kHostileFrames; ++number) {
    RunTower({number});
    EXPECT_EQ(comparison.stacks, 2 * (number + 1));
    EXPECT_EQ(comparison.wrong + comparison.shorter + comparison.longer +
                  comparison.not_whole,
              0)
        << "hostile frame " << number;
  }
}

TEST_F(CaptureWalkTest, EqualsLibunwindInEachPairOfHostileFrames) {
  for (int outer = 0; outer < kHostileFrames; ++outer) {
    for (int inner = 0; inner < kHostileFrames; ++inner) {
      if (inner == outer && !MayNest(outer)) continue;
      RunTower({outer, inner});
    }
  }
  ExpectAllEqual();
}

std::vector<int> RandomTower(std::mt19937_64* random, size_t height) {
  std::vector<int> numbers;
  bool used[kHostileFrames] = {};
  while (numbers.size() < height) {
    const int number = static_cast<int>((*random)() % kHostileFrames);
    if (used[number] && !MayNest(number)) continue;
    used[number] = true;
    numbers.push_back(number);
  }
  return numbers;
}

TEST_F(CaptureWalkTest, EqualsLibunwindInRandomTowers) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    RunTower(RandomTower(&random, 1 + random() % 14));
  }
  ExpectAllEqual();
  EXPECT_GT(comparison.deepest, 20);
}

TEST_F(CaptureWalkTest, EqualsLibunwindInThreads) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 20; ++round) {
    std::thread([&random] {
      for (int i = 0; i < 20; ++i) {
        RunTower(RandomTower(&random, 1 + random() % 10));
      }
    }).join();
  }
  ExpectAllEqual();
}

__attribute__((noinline)) int Recurse(int depth) {
  if (depth == 0) {
    CompareHere();
    return 0;
  }
  const int below = Recurse(depth - 1);
  Use(&below);
  return below + 1;
}

TEST_F(CaptureWalkTest, EqualsLibunwindDeepInARecursion) {
  for (int depth : {1, 100, 1000, 1900}) Recurse(depth);
  ExpectAllEqual();
  EXPECT_GT(comparison.deepest, 1900);
}

// A signal may come at any instruction: prologues, epilogues, PLT entries.
int async_stacks;
int async_wrong;
int async_shorter;
WalkedFrame async_ours[kMostFrames];
void* async_theirs[kMostFrames];

void CompareInterrupted(CallerContext caller) {
  if (LibunwindBacktrace(nullptr, nullptr, 0) != 0) return;
  ReadableWindow window = {};
  bool is_whole = false;
  const int count =
      WalkStack({caller.return_address(), caller.sp(), caller.bp(), false},
                &window, nullptr, async_ours, kMostFrames, &is_whole);
  const int all = LibunwindBacktrace(current_thread, async_theirs, kMostFrames);
  int first = 0;
  while (first < all && reinterpret_cast<uintptr_t>(async_theirs[first]) !=
                            caller.return_address()) {
    ++first;
  }
  if (first == all) return;
  ++async_stacks;
  for (int i = 0; i < count; ++i) {
    if (first + i >= all || reinterpret_cast<uintptr_t>(
                                async_theirs[first + i]) != async_ours[i].pc) {
      ++async_wrong;
      return;
    }
  }
  async_shorter += first + count < all;
}

__attribute__((noinline)) void OnTimer(int) {
  CompareInterrupted(HEAPLINE_CALLER_CONTEXT());
}

void DoNothing() { Use(nullptr); }

TEST_F(CaptureWalkTest, InterruptedAnywhereTheWalkIsRightAsFarAsItGoes) {
  if (current_thread == nullptr) AttachThread();
  struct sigaction action = {};
  action.sa_handler = OnTimer;
  action.sa_flags = SA_RESTART;
  ASSERT_EQ(sigaction(SIGPROF, &action, nullptr), 0);
  const itimerval fast = {{0, 200}, {0, 200}};
  setitimer(ITIMER_PROF, &fast, nullptr);
  // The cheap frames alone: no system calls, so that the signal falls into
  // their code. Not the exceptions: unwinders are not re-entrant.
  const timeval zero = {};
  for (int round = 0; round < 3000000 && async_stacks < 300; ++round) {
    for (int number : {0, 1, 2, 3, 4, 6, 7, 13}) {
      kHostileFrame[number](DoNothing);
    }
  }
  const itimerval off = {zero, zero};
  setitimer(ITIMER_PROF, &off, nullptr);
  signal(SIGPROF, SIG_IGN);
  EXPECT_GE(async_stacks, 100);
  EXPECT_EQ(async_wrong, 0);
  // Realigned frames say their CFA by r10 for an instruction or two.
  EXPECT_LE(async_shorter, async_stacks / 5);
}

TEST_F(CaptureWalkTest, RandomRegistersNeverFault) {
  std::mt19937_64 random(3);
  std::vector<uintptr_t> stack(4096);
  const uintptr_t code = reinterpret_cast<uintptr_t>(&CompareHere);
  for (int round = 0; round < 4000; ++round) {
    for (size_t i = 0; i < stack.size(); i += 1 + random() % 3) {
      const uintptr_t inside =
          reinterpret_cast<uintptr_t>(&stack[random() % stack.size()]);
      const uintptr_t choices[] = {random(),
                                   inside,
                                   code + random() % 4096,
                                   random() % (uintptr_t{1} << 47),
                                   0,
                                   reinterpret_cast<uintptr_t>(&strlen)};
      stack[i] = choices[random() % 6];
    }
    const auto at = [&](size_t limit) {
      return reinterpret_cast<uintptr_t>(&stack[random() % limit]);
    };
    const uintptr_t sp = round % 7 == 0 ? random() : at(stack.size());
    const uintptr_t bp = round % 5 == 0 ? random() : at(stack.size());
    ReadableWindow window = {};
    bool is_whole = false;
    const int count =
        WalkStack({code + random() % 4096, sp, bp, random() % 2 == 0}, &window,
                  nullptr, ours, kMostFrames, &is_whole);
    EXPECT_LE(count, kMostFrames);
    for (int i = 1; i < count; ++i) {
      if (ours[i].kind == HL_NODE_INSTRUCTION_POINTER) continue;
      EXPECT_GT(ours[i].sp, ours[i - 1].sp) << "the walk must climb";
    }
  }
}

// Where signal handlers return to: libc's, with a signal frame's rule.
uintptr_t SignalReturn() {
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } action = {};
  signal(SIGPROF, [](int) {});
  syscall(SYS_rt_sigaction, SIGPROF, nullptr, &action, sizeof(action.mask));
  signal(SIGPROF, SIG_DFL);
  return reinterpret_cast<uintptr_t>(action.restorer);
}

TEST_F(CaptureWalkTest, TheLastAddressOfAllIsNotRead) {
  // The interrupted pc stands 168 bytes above a signal frame's rsp.
  for (uintptr_t distance = 0; distance < 16; ++distance) {
    ReadableWindow window = {};
    bool is_whole = true;
    const int count =
        WalkStack({SignalReturn(), UINTPTR_MAX - distance - 168, 0, false},
                  &window, nullptr, ours, kMostFrames, &is_whole);
    EXPECT_EQ(count, 1);
    EXPECT_FALSE(is_whole);
  }
}

TEST_F(CaptureWalkTest, AStackThatEndsInAnUnmappedPageIsCut) {
  const size_t page = 4096;
  char* memory =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_EQ(munmap(memory + page, page), 0);
  uintptr_t* word = reinterpret_cast<uintptr_t*>(memory + page) - 4;
  for (int i = 0; i < 4; ++i) {
    word[i] = reinterpret_cast<uintptr_t>(&DoNothing) + 1;
  }
  ReadableWindow window = {};
  bool is_whole = true;
  // DoNothing has no frame: each step pops one word.
  const int count = WalkStack({reinterpret_cast<uintptr_t>(&DoNothing) + 1,
                               reinterpret_cast<uintptr_t>(word), 0, false},
                              &window, nullptr, ours, kMostFrames, &is_whole);
  EXPECT_FALSE(is_whole);
  EXPECT_GE(count, 2);
  EXPECT_LE(count, 5);
  munmap(memory, page);
}

}  // namespace
}  // namespace heapline
