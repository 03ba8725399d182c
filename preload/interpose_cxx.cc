// operator new, new[], delete and delete[] in all their forms. Three cases:
//
//   libstdc++'s or libc++'s own:  jump there; it calls malloc or free, which
//                                 are our hooks
//   another allocator's:          call it, then record what it gave unless a
//                                 malloc below already did
//   none (a C program that loads C++ libraries privately): next malloc/free
//
// No guard is held across a call that may throw.
#include <dlfcn.h>
#include <stddef.h>

#include "preload/hook.h"
#include "preload/next.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))
#define HEAPLINE_FRAME __builtin_frame_address(0)

namespace heapline {
namespace {

inline bool ForwardsToMalloc() { return tracer.next_new_is_runtime; }

// The next allocator's operator new gave `block`; enter it unless the malloc
// it may have called is in the table already.
HEAPLINE_ALWAYS_INLINE void* RecordNew(void* block, size_t bytes, void* frame,
                                       CallerContext caller) {
  if (block == nullptr) return nullptr;
  Hook hook(frame);
  if (hook.is_active() &&
      !tracer.blocks.Find(reinterpret_cast<uintptr_t>(block)).is_live()) {
    hook.Allocated(block, bytes, caller);
  }
  return block;
}

// Where the lookup order has no operator new: the next malloc.
HEAPLINE_ALWAYS_INLINE void* NewByMalloc(size_t bytes, size_t alignment,
                                         void* frame, CallerContext caller) {
  Hook hook(frame);
  const size_t asked = Asked(bytes == 0 ? 1 : bytes);
  if (next::malloc == nullptr) return BootstrapAllocate(asked, alignment);
  void* block = alignment <= 16 || next::memalign == nullptr
                    ? hook.Forward(next::malloc, asked)
                    : hook.Forward(next::memalign, alignment, asked);
  hook.Allocated(block, bytes, caller);
  return block;
}

HEAPLINE_ALWAYS_INLINE void DeleteByFree(void* block, void* frame) {
  Hook hook(frame);
  if (!hook.Freeing(block) || next::free == nullptr) return;
  hook.Forward(next::free, block);
}

// Out of memory in NewByMalloc: the C++ runtime that was loaded privately must
// call its new handler and throw. Returns only where there is none.
void* NewByPrivateRuntime(const char* name, size_t bytes, size_t alignment) {
  static const char* const runtimes[] = {"libstdc++.so.6", "libc++.so.1",
                                         "libc++abi.so.1"};
  for (const char* runtime : runtimes) {
    void* handle = dlopen(runtime, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == nullptr) continue;
    void* function = dlsym(handle, name);
    if (function == nullptr) continue;
    return reinterpret_cast<void* (*)(size_t, size_t)>(function)(bytes,
                                                                 alignment);
  }
  return nullptr;
}

}  // namespace
}  // namespace heapline

namespace next = heapline::next;

// The throwing forms.
#define HEAPLINE_NEW(name, alignment, parameters, arguments)                 \
  HEAPLINE_EXPORT void* name parameters {                                    \
    if (__builtin_expect(next::name != nullptr, 1)) {                        \
      if (heapline::ForwardsToMalloc()) return next::name arguments;         \
      const size_t requested = bytes;                                        \
      bytes = heapline::Asked(bytes);                                        \
      return heapline::RecordNew(next::name arguments, requested,            \
                                 HEAPLINE_FRAME, HEAPLINE_CALLER_CONTEXT()); \
    }                                                                        \
    void* block = heapline::NewByMalloc(bytes, alignment, HEAPLINE_FRAME,    \
                                        HEAPLINE_CALLER_CONTEXT());          \
    return block != nullptr                                                  \
               ? block                                                       \
               : heapline::NewByPrivateRuntime(#name, bytes, alignment);     \
  }

// The forms that return NULL.
#define HEAPLINE_NEW_NOTHROW(name, alignment, parameters, arguments)         \
  HEAPLINE_EXPORT void* name parameters noexcept {                           \
    if (__builtin_expect(next::name != nullptr, 1)) {                        \
      if (heapline::ForwardsToMalloc()) return next::name arguments;         \
      const size_t requested = bytes;                                        \
      bytes = heapline::Asked(bytes);                                        \
      return heapline::RecordNew(next::name arguments, requested,            \
                                 HEAPLINE_FRAME, HEAPLINE_CALLER_CONTEXT()); \
    }                                                                        \
    return heapline::NewByMalloc(bytes, alignment, HEAPLINE_FRAME,           \
                                 HEAPLINE_CALLER_CONTEXT());                 \
  }

#define HEAPLINE_DELETE(name, parameters, arguments)  \
  HEAPLINE_EXPORT void name parameters noexcept {     \
    if (block == nullptr) return;                     \
    if (__builtin_expect(next::name != nullptr, 1)) { \
      if (!heapline::ForwardsToMalloc()) {            \
        heapline::Hook hook(HEAPLINE_FRAME);          \
        if (!hook.Freeing(block)) return;             \
        hook.Forward([&] { next::name arguments; });  \
        return;                                       \
      }                                               \
      return next::name arguments;                    \
    }                                                 \
    heapline::DeleteByFree(block, HEAPLINE_FRAME);    \
  }

HEAPLINE_NEW(_Znwm, 16, (size_t bytes), (bytes))
HEAPLINE_NEW(_Znam, 16, (size_t bytes), (bytes))
HEAPLINE_NEW(_ZnwmSt11align_val_t, alignment, (size_t bytes, size_t alignment),
             (bytes, alignment))
HEAPLINE_NEW(_ZnamSt11align_val_t, alignment, (size_t bytes, size_t alignment),
             (bytes, alignment))
HEAPLINE_NEW_NOTHROW(_ZnwmRKSt9nothrow_t, 16,
                     (size_t bytes, const void* nothrow), (bytes, nothrow))
HEAPLINE_NEW_NOTHROW(_ZnamRKSt9nothrow_t, 16,
                     (size_t bytes, const void* nothrow), (bytes, nothrow))
HEAPLINE_NEW_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t, alignment,
                     (size_t bytes, size_t alignment, const void* nothrow),
                     (bytes, alignment, nothrow))
HEAPLINE_NEW_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t, alignment,
                     (size_t bytes, size_t alignment, const void* nothrow),
                     (bytes, alignment, nothrow))

HEAPLINE_DELETE(_ZdlPv, (void* block), (block))
HEAPLINE_DELETE(_ZdaPv, (void* block), (block))
HEAPLINE_DELETE(_ZdlPvm, (void* block, size_t bytes),
                (block, heapline::Asked(bytes)))
HEAPLINE_DELETE(_ZdaPvm, (void* block, size_t bytes),
                (block, heapline::Asked(bytes)))
HEAPLINE_DELETE(_ZdlPvRKSt9nothrow_t, (void* block, const void* nothrow),
                (block, nothrow))
HEAPLINE_DELETE(_ZdaPvRKSt9nothrow_t, (void* block, const void* nothrow),
                (block, nothrow))
HEAPLINE_DELETE(_ZdlPvSt11align_val_t, (void* block, size_t alignment),
                (block, alignment))
HEAPLINE_DELETE(_ZdaPvSt11align_val_t, (void* block, size_t alignment),
                (block, alignment))
HEAPLINE_DELETE(_ZdlPvmSt11align_val_t,
                (void* block, size_t bytes, size_t alignment),
                (block, heapline::Asked(bytes), alignment))
HEAPLINE_DELETE(_ZdaPvmSt11align_val_t,
                (void* block, size_t bytes, size_t alignment),
                (block, heapline::Asked(bytes), alignment))
HEAPLINE_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t,
                (void* block, size_t alignment, const void* nothrow),
                (block, alignment, nothrow))
HEAPLINE_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t,
                (void* block, size_t alignment, const void* nothrow),
                (block, alignment, nothrow))
