// hook.h: what every allocation hook does before and after the real call.
//
//   Hook hook(frame);                 guard up; the thread's state, or none
//   p = hook.Forward(next::malloc, n) the real call, marked as such
//   hook.Allocated(p, n, caller)      totals, call stack, table
//                                     ~Hook: guard down, park if asked
//
// A hook is inactive (forwards only) when the process is not traced, is still
// starting, or is re-entered by another allocator's own internals. A hook run
// by a signal handler inside another hook is nested: it records through the
// shared tables and leaves the thread's caches alone.
//
// No lock, no system call in the steady state, errno untouched. No guard is
// held across a call that may throw.
#ifndef HEAPLINE_PRELOAD_HOOK_H_
#define HEAPLINE_PRELOAD_HOOK_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/lifecycle.h"
#include "preload/record.h"
#include "preload/record_outermost.h"
#include "preload/stop_world.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {

// What the next allocator is asked for. Those other than libc's have classes
// below 32 bytes, closer together than the live table tells apart.
inline size_t Asked(size_t bytes) {
  return bytes < tracer.min_request ? tracer.min_request : bytes;
}

// The rare ways in: first call, new thread, forked copy, nested, not tracing.
// Returns the state with its guard taken, or NULL for an inactive hook.
ThreadState* EnterHookSlowly(uintptr_t frame);

// The common way in: tracing, the thread known and in no other hook. Its state
// with the guard taken; NULL: none of this is done, Hook knows what to do.
HEAPLINE_ALWAYS_INLINE ThreadState* TryEnterHook(void* frame) {
  ThreadState* thread = current_thread;
  if (__builtin_expect(
          !IsTracingHere() || thread == nullptr || thread->guard != 0, 0)) {
    return nullptr;
  }
  thread->guard = 1;
  thread->guard_frame = reinterpret_cast<uintptr_t>(frame);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return thread;
}

// The way out of a hook that TryEnterHook let in. True: ParkHere is due.
HEAPLINE_ALWAYS_INLINE bool LowerGuard(ThreadState* thread) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  thread->guard = 0;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return __builtin_expect(thread->park_requested != 0, 0);
}
HEAPLINE_ALWAYS_INLINE void LeaveHook(ThreadState* thread) {
  if (LowerGuard(thread)) ParkHere();
}

// The real function from such a hook; while it runs, a re-entered hook knows
// that the allocator itself may be the caller.
template <typename Function, typename... Arguments>
HEAPLINE_ALWAYS_INLINE auto CallNext(ThreadState* thread, Function function,
                                     Arguments... arguments) {
  struct Leave {
    ThreadState* thread;
    ~Leave() {
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      thread->in_next = 0;
    }
  } leave{thread};
  thread->in_next = 1;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return function(arguments...);
}

class Hook {
 public:
  HEAPLINE_ALWAYS_INLINE explicit Hook(void* frame) {
    ThreadState* thread = TryEnterHook(frame);
    if (__builtin_expect(thread != nullptr, 1)) {
      thread_ = thread;
      in_next_before_ = 0;
    } else {
      thread_ = EnterHookSlowly(reinterpret_cast<uintptr_t>(frame));
      in_next_before_ = thread_ == nullptr ? 0 : thread_->in_next;
    }
  }

  HEAPLINE_ALWAYS_INLINE ~Hook() {
    if (thread_ == nullptr) return;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread_->guard = thread_->guard - 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(thread_->park_requested != 0, 0) &&
        thread_->guard == 0) {
      ParkHere();
    }
  }

  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;

  bool is_active() const { return thread_ != nullptr; }

  // As CallNext, from any hook.
  template <typename Function, typename... Arguments>
  HEAPLINE_ALWAYS_INLINE auto Forward(Function function,
                                      Arguments... arguments) {
    if (thread_ != nullptr) thread_->in_next = in_next_before_ + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    struct Leave {
      ThreadState* thread;
      uint32_t in_next_before;
      ~Leave() {
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        if (thread != nullptr) thread->in_next = in_next_before;
      }
    } leave{thread_, in_next_before_};
    return function(arguments...);
  }

  HEAPLINE_ALWAYS_INLINE void Allocated(void* block, size_t requested_bytes,
                                        CallerContext caller) {
    if (thread_ == nullptr || block == nullptr) return;
    if (CurrentMode() != Mode::kTracing) return;
    RecordAllocation(thread_, reinterpret_cast<uintptr_t>(block),
                     requested_bytes, caller);
  }

  // Before the real free. False: the block is the bootstrap arena's and must
  // not reach the real free.
  HEAPLINE_ALWAYS_INLINE bool Freeing(void* block) {
    if (__builtin_expect(thread_ == nullptr, 0)) {
      ForgetBlock(reinterpret_cast<uintptr_t>(block));
      return !IsBootstrapBlock(block);
    }
    return RecordFree(thread_, reinterpret_cast<uintptr_t>(block));
  }

  ThreadState* thread() const { return thread_; }

 private:
  ThreadState* thread_;
  // Stored rather than counted down again: a chain of additions in memory from
  // hook to hook would cost more than all else that a hook does.
  uint32_t in_next_before_;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_HOOK_H_
