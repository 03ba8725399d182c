// The malloc family: forward to the next allocator, then record. Each hook
// reads: take the guard, call the real function, enter the result.
#include <stddef.h>

#include "preload/bootstrap.h"
#include "preload/hook.h"
#include "preload/message.h"
#include "preload/next.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))
#define HEAPLINE_FRAME __builtin_frame_address(0)

namespace heapline {
namespace {

inline bool IsStarting() {
  return __builtin_expect(next::malloc == nullptr, 0);
}

// realloc of a block that the bootstrap arena gave out: it moves.
void* MoveFromBootstrap(void* block, size_t bytes) {
  void* moved =
      IsStarting() ? BootstrapAllocate(bytes, 16) : next::malloc(Asked(bytes));
  if (moved != nullptr && block != nullptr) {
    const size_t kept = BootstrapBlockBytes(block);
    __builtin_memcpy(moved, block, kept < bytes ? kept : bytes);
  }
  return moved;
}

// What realloc(block, 0) must be asked for: 0 may mean "free", which depends on
// the allocator; without a block it is a malloc like any other.
inline size_t AskedOfRealloc(const void* block, size_t bytes) {
  return bytes == 0 && block != nullptr ? 0 : Asked(bytes);
}

// An allocator that has answered realloc(block, 0) with a block of its smallest
// class: the live table cannot tell two of those apart.
void* AtLeastLeastRequest(Hook& hook, void* block) {
  if (Asked(0) == 0) return block;
  void* larger = hook.Forward(next::realloc, block, Asked(0));
  return larger != nullptr ? larger : block;
}

// While start runs. Where this library was loaded by dlopen there are blocks of
// the next allocator already. Not inlined: no hook pays for its stack.
__attribute__((noinline)) void* ReallocateEarly(void* block, size_t bytes) {
  if (block != nullptr && !IsBootstrapBlock(block) &&
      next::realloc != nullptr) {
    return next::realloc(block, bytes);
  }
  return MoveFromBootstrap(block, bytes);
}

// Both forms of realloc: `real(bytes)` calls the next function.
template <typename Real>
HEAPLINE_ALWAYS_INLINE void* Reallocate(Hook& hook, void* block, size_t bytes,
                                        CallerContext caller, Real real) {
  if (__builtin_expect(block != nullptr && IsBootstrapBlock(block), 0)) {
    void* moved = MoveFromBootstrap(block, bytes);
    hook.Allocated(moved, bytes, caller);
    return moved;
  }
  if (!hook.is_active() || block == nullptr) {
    void* fresh = hook.Forward(real);
    hook.Allocated(fresh, bytes, caller);
    return fresh;
  }
  const ReallocRecord record =
      BeginRealloc(hook.thread(), reinterpret_cast<uintptr_t>(block));
  void* moved = hook.Forward(real);
  if (__builtin_expect(bytes == 0 && moved != nullptr, 0)) {
    moved = AtLeastLeastRequest(hook, moved);
  }
  if (moved == nullptr && bytes != 0) {
    UndoRealloc(hook.thread(), reinterpret_cast<uintptr_t>(block), record);
    return nullptr;
  }
  FinishRealloc(hook.thread(), record, reinterpret_cast<uintptr_t>(moved),
                bytes, caller);
  return moved;
}

// The hooks that a program spends its time in take the common case straight;
// these are their other cases: starting, nested, not tracing.
__attribute__((noinline)) void* MallocSlowly(size_t bytes, void* frame) {
  Hook hook(frame);
  if (IsStarting()) return BootstrapAllocate(bytes, 16);
  void* block = hook.Forward(next::malloc, Asked(bytes));
  hook.Allocated(block, bytes, CallerContext(frame));
  return block;
}

__attribute__((noinline)) void* CallocSlowly(size_t count, size_t bytes,
                                             void* frame) {
  Hook hook(frame);
  size_t total;
  const bool overflows = __builtin_mul_overflow(count, bytes, &total);
  if (IsStarting()) {
    return overflows ? nullptr : BootstrapAllocate(total, 16);
  }
  void* block = total < tracer.min_request && !overflows
                    ? hook.Forward(next::calloc, size_t{1}, Asked(total))
                    : hook.Forward(next::calloc, count, bytes);
  hook.Allocated(block, total, CallerContext(frame));
  return block;
}

__attribute__((noinline)) void FreeSlowly(void* block, void* frame) {
  Hook hook(frame);
  if (!hook.Freeing(block) || next::free == nullptr) return;
  hook.Forward(next::free, block);
}

// The rest of an allocation whose hook TryEnterHook let in, and the hook's end.
// Each returns `block`, so that nothing of the hook outlives the call.
__attribute__((noinline)) void* RecordWithStack(ThreadState* thread,
                                                void* block,
                                                size_t requested_bytes) {
  void* const frame = reinterpret_cast<void*>(thread->guard_frame);
  if (block != nullptr) {
    if (__builtin_expect(tracer.options.sample == 0, 1)) {
      RecordOutermost(thread, reinterpret_cast<uintptr_t>(block),
                      requested_bytes, CallerContext(frame));
    } else {
      RecordAllocation(thread, reinterpret_cast<uintptr_t>(block),
                       requested_bytes, CallerContext(frame));
    }
  }
  LeaveHook(thread);
  return block;
}

__attribute__((noinline)) void* EndRarely(ThreadState* thread, void* block,
                                          size_t requested_bytes,
                                          Recorded recorded) {
  if (recorded == Recorded::kNo) {
    EnterOutermost(thread, reinterpret_cast<uintptr_t>(block), requested_bytes,
                   thread->stackless.node, true);
  } else {
    FlushTotals(thread);
  }
  LeaveHook(thread);
  return block;
}

// The rest of a free.
__attribute__((noinline)) void FreeRarely(ThreadState* thread, void* block,
                                          Entry entry, Freed freed) {
  if (EndFree(thread, reinterpret_cast<uintptr_t>(block), entry, freed)) {
    CallNext(thread, next::free, block);
  }
  LeaveHook(thread);
}

__attribute__((noinline)) void* ParkAndReturn(void* block) {
  ParkHere();
  return block;
}

HEAPLINE_ALWAYS_INLINE void* Allocated(ThreadState* thread, void* block,
                                       size_t requested_bytes) {
  const uint64_t node_bits = thread->stackless_bits;
  if (__builtin_expect(block == nullptr || node_bits == 0, 0)) {
    block = RecordWithStack(thread, block, requested_bytes);
    // Not a jump: the hook's frame must stay, it is where the walk begins.
    __asm__ volatile("");
    return block;
  }
  const Recorded recorded = RecordStackless(
      thread, node_bits, reinterpret_cast<uintptr_t>(block), requested_bytes);
  if (__builtin_expect(recorded != Recorded::kYes, 0)) {
    return EndRarely(thread, block, requested_bytes, recorded);
  }
  return LowerGuard(thread) ? ParkAndReturn(block) : block;
}

}  // namespace
}  // namespace heapline

using heapline::Asked;
using heapline::Hook;
using heapline::ThreadState;
namespace next = heapline::next;

HEAPLINE_EXPORT void* malloc(size_t bytes) noexcept {
  ThreadState* const thread = heapline::TryEnterHook(HEAPLINE_FRAME);
  if (__builtin_expect(thread == nullptr, 0)) {
    return heapline::MallocSlowly(bytes, HEAPLINE_FRAME);
  }
  void* const block = heapline::CallNext(thread, next::malloc, Asked(bytes));
  return heapline::Allocated(thread, block, bytes);
}

HEAPLINE_EXPORT void* calloc(size_t count, size_t bytes) noexcept {
  size_t total;
  const bool overflows = __builtin_mul_overflow(count, bytes, &total);
  const bool is_small = total < heapline::tracer.min_request && !overflows;
  ThreadState* const thread = heapline::TryEnterHook(HEAPLINE_FRAME);
  if (__builtin_expect(thread == nullptr || is_small || overflows, 0)) {
    if (thread != nullptr) heapline::LeaveHook(thread);
    return heapline::CallocSlowly(count, bytes, HEAPLINE_FRAME);
  }
  void* const block = heapline::CallNext(thread, next::calloc, count, bytes);
  return heapline::Allocated(thread, block, total);
}

HEAPLINE_EXPORT void* realloc(void* block, size_t bytes) noexcept {
  Hook hook(HEAPLINE_FRAME);
  if (heapline::IsStarting()) {
    return heapline::MoveFromBootstrap(block, bytes);
  }
  const size_t asked = heapline::AskedOfRealloc(block, bytes);
  return heapline::Reallocate(hook, block, bytes, HEAPLINE_CALLER_CONTEXT(),
                              [=] { return next::realloc(block, asked); });
}

HEAPLINE_EXPORT void* reallocarray(void* block, size_t count,
                                   size_t bytes) noexcept {
  Hook hook(HEAPLINE_FRAME);
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) {
    // The real one says so in errno; a request it must refuse does too.
    return next::reallocarray != nullptr
               ? next::reallocarray(block, count, bytes)
               : next::realloc(block, SIZE_MAX / 2 + 1);
  }
  if (heapline::IsStarting()) {
    return heapline::ReallocateEarly(block, total);
  }
  const size_t asked = heapline::AskedOfRealloc(block, total);
  return heapline::Reallocate(hook, block, total, HEAPLINE_CALLER_CONTEXT(),
                              [=] { return next::realloc(block, asked); });
}

HEAPLINE_EXPORT void free(void* block) noexcept {
  if (block == nullptr) return;
  ThreadState* const thread = heapline::TryEnterHook(HEAPLINE_FRAME);
  if (__builtin_expect(thread == nullptr, 0)) {
    return heapline::FreeSlowly(block, HEAPLINE_FRAME);
  }
  heapline::Entry entry;
  const heapline::Freed freed = heapline::RecordCommonFree(
      thread, reinterpret_cast<uintptr_t>(block), &entry);
  if (__builtin_expect(freed != heapline::Freed::kYes, 0)) {
    return heapline::FreeRarely(thread, block, entry, freed);
  }
  heapline::CallNext(thread, next::free, block);
  heapline::LeaveHook(thread);
}

HEAPLINE_EXPORT void cfree(void* block) noexcept {
  if (block == nullptr) return;
  Hook hook(HEAPLINE_FRAME);
  if (!hook.Freeing(block) || next::free == nullptr) return;
  hook.Forward(next::cfree != nullptr ? next::cfree : next::free, block);
}

// C23. A C library that has none of its own frees by the block alone.
HEAPLINE_EXPORT void free_sized(void* block, size_t bytes) noexcept {
  if (block == nullptr) return;
  Hook hook(HEAPLINE_FRAME);
  if (!hook.Freeing(block) || next::free == nullptr) return;
  if (next::free_sized != nullptr) {
    hook.Forward(next::free_sized, block, Asked(bytes));
  } else {
    hook.Forward(next::free, block);
  }
}

HEAPLINE_EXPORT void free_aligned_sized(void* block, size_t alignment,
                                        size_t bytes) noexcept {
  if (block == nullptr) return;
  Hook hook(HEAPLINE_FRAME);
  if (!hook.Freeing(block) || next::free == nullptr) return;
  if (next::free_aligned_sized != nullptr) {
    hook.Forward(next::free_aligned_sized, block, alignment, Asked(bytes));
  } else {
    hook.Forward(next::free, block);
  }
}

HEAPLINE_EXPORT int posix_memalign(void** block, size_t alignment,
                                   size_t bytes) noexcept {
  Hook hook(HEAPLINE_FRAME);
  if (next::posix_memalign == nullptr) {
    void* early = heapline::BootstrapAllocate(bytes, alignment);
    if (early == nullptr) return 12;  // ENOMEM
    *block = early;
    return 0;
  }
  const int error =
      hook.Forward(next::posix_memalign, block, alignment, Asked(bytes));
  if (error == 0) hook.Allocated(*block, bytes, HEAPLINE_CALLER_CONTEXT());
  return error;
}

HEAPLINE_EXPORT void* aligned_alloc(size_t alignment, size_t bytes) noexcept {
  Hook hook(HEAPLINE_FRAME);
  if (next::aligned_alloc == nullptr) {
    return heapline::BootstrapAllocate(bytes, alignment);
  }
  void* block = hook.Forward(next::aligned_alloc, alignment, Asked(bytes));
  hook.Allocated(block, bytes, HEAPLINE_CALLER_CONTEXT());
  return block;
}

HEAPLINE_EXPORT void* memalign(size_t alignment, size_t bytes) noexcept {
  Hook hook(HEAPLINE_FRAME);
  if (next::memalign == nullptr) {
    return heapline::BootstrapAllocate(bytes, alignment);
  }
  void* block = hook.Forward(next::memalign, alignment, Asked(bytes));
  hook.Allocated(block, bytes, HEAPLINE_CALLER_CONTEXT());
  return block;
}

HEAPLINE_EXPORT void* valloc(size_t bytes) noexcept {
  Hook hook(HEAPLINE_FRAME);
  if (next::valloc == nullptr) {
    return heapline::BootstrapAllocate(bytes, heapline::kPageBytes);
  }
  void* block = hook.Forward(next::valloc, Asked(bytes));
  hook.Allocated(block, bytes, HEAPLINE_CALLER_CONTEXT());
  return block;
}

HEAPLINE_EXPORT void* pvalloc(size_t bytes) noexcept {
  Hook hook(HEAPLINE_FRAME);
  if (next::pvalloc == nullptr) {
    return heapline::BootstrapAllocate(bytes, heapline::kPageBytes);
  }
  void* block = hook.Forward(next::pvalloc, Asked(bytes));
  hook.Allocated(block, bytes, HEAPLINE_CALLER_CONTEXT());
  return block;
}

HEAPLINE_EXPORT size_t malloc_usable_size(void* block) noexcept {
  if (block == nullptr) return 0;
  if (heapline::IsBootstrapBlock(block)) {
    return heapline::BootstrapBlockBytes(block);
  }
  return next::malloc_usable_size == nullptr ? 0
                                             : next::malloc_usable_size(block);
}
