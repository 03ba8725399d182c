#include "preload/readable_memory.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>

#include "preload/pages.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

constexpr uintptr_t kPageMask = ~uintptr_t{kPageBytes - 1};
constexpr uintptr_t kLowestAddress = uintptr_t{1} << 16;
constexpr uintptr_t kHighestAddress = uintptr_t{1} << 47;

// The kernel keeps mmap at least this far below the main stack's top, so a
// frame that is nearer stands on the main stack.
constexpr uintptr_t kMainStackReach = uintptr_t{128} << 20;

// How far below its TCB a thread is recognised as standing on its own stack.
constexpr uintptr_t kOwnStackReach = uintptr_t{256} << 10;

// ReadableWindow::generation of a stack that cannot go away under its thread.
constexpr uint64_t kOwnStack = ~uint64_t{0};

uintptr_t main_stack_top;
uint64_t page_generation = 1;
bool asking_stopped;

// Answers, direct mapped by page: page | generation's low 11 bits << 1 |
// is_readable. An unreadable page is remembered for a few questions only, as
// nobody tells of a new mapping.
constexpr size_t kAnswers = 1024;
uint64_t answers[kAnswers];
uint8_t unreadable_uses[kAnswers];
constexpr uint8_t kUnreadableUses = 16;

uint64_t AnswerWord(uintptr_t page, uint64_t generation, bool is_readable) {
  return page | (generation & 0x7ff) << 1 | (is_readable ? 1 : 0);
}

size_t AnswerIndex(uintptr_t page) {
  return (page >> 12 ^ page >> 22) & (kAnswers - 1);
}

uint64_t PageGeneration() {
  return __atomic_load_n(&page_generation, __ATOMIC_RELAXED);
}

bool MayAsk() {
  return !__atomic_load_n(&asking_stopped, __ATOMIC_RELAXED) &&
         !tracer.calls_restricted;
}

bool AskAndRemember(uintptr_t page) {
  const bool is_readable = KernelCanRead(page);
  const size_t index = AnswerIndex(page);
  __atomic_store_n(&unreadable_uses[index], 0, __ATOMIC_RELAXED);
  __atomic_store_n(&answers[index],
                   AnswerWord(page, PageGeneration(), is_readable),
                   __ATOMIC_RELAXED);
  return is_readable;
}

// A page of a stack that is not the thread's own. It is asked for anew each
// time, as the memory may go away without a word to us: free() and raw system
// calls unmap too. Where nobody may be asked the last answer counts.
bool IsReadableNow(uintptr_t page, uintptr_t frame) {
  if (page == (frame & kPageMask)) return true;
  return MayAsk() ? AskAndRemember(page) : PageIsReadable(page);
}

bool IsOwnStack(const ReadableWindow& window) {
  return window.generation == kOwnStack;
}

// [page, end) all readable, asked from the bottom.
bool AreReadable(uintptr_t page, uintptr_t end) {
  for (; page < end; page += kPageBytes) {
    if (!PageIsReadable(page)) return false;
  }
  return true;
}

inline uintptr_t ThreadPointer() {
  uintptr_t value;
  __asm__("mov %%fs:0, %0" : "=r"(value));
  return value;
}

// Makes *window the calling thread's own stack from `frame` up, if that is
// where it runs.
bool FindOwnStack(ReadableWindow* window, uintptr_t frame) {
  const uintptr_t top = main_stack_top;
  if (frame < top && top - frame < kMainStackReach) {
    *window = {frame, top, kOwnStack};
    return true;
  }
  const uintptr_t page = frame & kPageMask;
  if (IsOwnStack(*window)) {
    // Deeper than before on the same stack?
    if (frame >= window->low || window->low - frame > kOwnStackReach ||
        !AreReadable(page, window->low)) {
      return false;
    }
    window->low = page;
    return true;
  }
  const uintptr_t thread_pointer = ThreadPointer();
  if (frame >= thread_pointer || thread_pointer - frame > kOwnStackReach ||
      !AreReadable(page, thread_pointer)) {
    return false;
  }
  *window = {page, thread_pointer & kPageMask, kOwnStack};
  return true;
}

// Adds one readable page to the window, or starts a new one there.
void AddPage(ReadableWindow* window, uintptr_t page) {
  if (page == window->high) {
    window->high += kPageBytes;
  } else if (page + kPageBytes == window->low) {
    window->low = page;
  } else if (page < window->low || page >= window->high) {
    window->low = page;
    window->high = page + kPageBytes;
  }
}

uintptr_t TextEnd(const char* text) {
  while (*text != 0) ++text;
  return reinterpret_cast<uintptr_t>(text) + 1;
}

}  // namespace

// An impossible `how` makes the kernel read the set and then refuse it.
bool KernelCanRead(uintptr_t address) {
  return sys::Call(SYS_rt_sigprocmask, -1, sys::Arg(address), 0, 8) == -EINVAL;
}

void InitializeReadableMemory() {
  // The kernel puts the environment's strings and, last of all, the name of
  // the executable at the very top of the main stack.
  char** entry = tracer.environment;
  if (entry == nullptr) return;
  const uintptr_t block = reinterpret_cast<uintptr_t>(entry);
  uintptr_t top = 0;
  const auto raise = [block, &top](const char* text) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(text);
    if (at < block || at - block > kMainStackReach) return;
    const uintptr_t end = TextEnd(text);
    if (end > top) top = end;
  };
  for (; *entry != nullptr; ++entry) raise(*entry);
  for (const auto* value = reinterpret_cast<const Elf64_auxv_t*>(entry + 1);
       value->a_type != AT_NULL; ++value) {
    if (value->a_type == AT_EXECFN) {
      raise(reinterpret_cast<const char*>(value->a_un.a_val));
    }
  }
  main_stack_top = (top + kPageBytes - 1) & kPageMask;
}

bool MakeReadable(ReadableWindow* window, uintptr_t address) {
  if (address < kLowestAddress || address > kHighestAddress - 8) return false;
  if (!IsOwnStack(*window) && window->generation != PageGeneration()) {
    *window = {0, 0, PageGeneration()};
  }
  const uintptr_t frame =
      reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  // Nothing below our own frame is asked for by an unwinding that goes well.
  ReadableWindow own = *window;
  if (FindOwnStack(&own, frame) && IsReadable(own, address)) {
    *window = own;
    return true;
  }
  if (IsOwnStack(*window)) *window = {0, 0, PageGeneration()};
  const uintptr_t first = address & kPageMask;
  const uintptr_t last = (address + 7) & kPageMask;
  if (!IsReadableNow(first, frame)) return false;
  if (last != first && !IsReadableNow(last, frame)) return false;
  AddPage(window, first);
  if (last != first) AddPage(window, last);
  return IsReadable(*window, address);
}

void LeaveWindow(ReadableWindow* window) {
  // That of the thread's own stack is true wherever it stands.
  if (!IsOwnStack(*window)) *window = ReadableWindow{};
}

void ForgetReadablePages() {
  __atomic_fetch_add(&page_generation, 1, __ATOMIC_RELAXED);
}

void StopAskingForPages() {
  __atomic_store_n(&asking_stopped, true, __ATOMIC_RELAXED);
}

bool PageIsReadable(uintptr_t page) {
  const uint64_t generation = PageGeneration();
  const size_t index = AnswerIndex(page);
  const uint64_t word = __atomic_load_n(&answers[index], __ATOMIC_RELAXED);
  if (word == AnswerWord(page, generation, true)) return true;
  if (word == AnswerWord(page, generation, false) &&
      __atomic_fetch_add(&unreadable_uses[index], 1, __ATOMIC_RELAXED) <
          kUnreadableUses) {
    return false;
  }
  return MayAsk() && AskAndRemember(page);
}

}  // namespace heapline
