// mmap, munmap, mremap, mprotect: what pages can be read may change (answers
// of readable_memory are void from then on), and with mmap=1 what the program
// maps is a class of its own. The C library's own mappings do not come here.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "preload/capture.h"
#include "preload/lifecycle.h"
#include "preload/mapped_regions.h"
#include "preload/next.h"
#include "preload/pages.h"
#include "preload/raw_call.h"
#include "preload/readable_memory.h"
#include "preload/sys.h"
#include "preload/tracer.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))
#define HEAPLINE_FRAME __builtin_frame_address(0)

namespace heapline {
namespace {

// Whether mappings are recorded. False in a vfork child too: nothing there may
// change what its parent knows. The tracer is never started from here: another
// allocator that comes before us maps memory under its own lock, and what
// start asks of the loader would come back to that allocator.
bool RegionsAreNoted() {
  return __builtin_expect(tracer.options.mmap, 0) &&
         CurrentMode() == Mode::kTracing && !tracer.calls_restricted &&
         !IsVforkChild();
}

uintptr_t ToAddress(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

// By the raw call before start, and while the next functions are being found.
void* Map(void* start, size_t bytes, int protection, int flags, int descriptor,
          off_t offset) {
  if (next::mmap == nullptr) {
    return reinterpret_cast<void*>(heapline_finish_raw_call(
        sys::Call(SYS_mmap, sys::Arg(start), sys::Arg(bytes), protection, flags,
                  descriptor, offset)));
  }
  void* result =
      next::mmap(start, bytes, protection, flags, descriptor, offset);
  if ((flags & MAP_FIXED) != 0) ForgetReadablePages();
  return result;
}

// mmap and mmap64 are one function where off_t has 64 bits.
inline __attribute__((always_inline)) void* MapAndNote(
    void* start, size_t bytes, int protection, int flags, int descriptor,
    off_t offset, CallerContext caller, void* frame) {
  const bool is_noted = RegionsAreNoted();
  void* result = Map(start, bytes, protection, flags, descriptor, offset);
  if (is_noted && result != MAP_FAILED) {
    NoteMapped(ToAddress(result), bytes, caller, frame);
  }
  return result;
}

}  // namespace
}  // namespace heapline

using heapline::ForgetReadablePages;
using heapline::RegionsAreNoted;
using heapline::ToAddress;
namespace next = heapline::next;
namespace sys = heapline::sys;

HEAPLINE_EXPORT void* mmap(void* start, size_t bytes, int protection, int flags,
                           int descriptor, off_t offset) {
  return heapline::MapAndNote(start, bytes, protection, flags, descriptor,
                              offset, HEAPLINE_CALLER_CONTEXT(),
                              HEAPLINE_FRAME);
}

HEAPLINE_EXPORT void* mmap64(void* start, size_t bytes, int protection,
                             int flags, int descriptor, off_t offset) {
  return heapline::MapAndNote(start, bytes, protection, flags, descriptor,
                              offset, HEAPLINE_CALLER_CONTEXT(),
                              HEAPLINE_FRAME);
}

HEAPLINE_EXPORT int munmap(void* start, size_t bytes) {
  // Before the call: its addresses may belong to another thread right after.
  if (RegionsAreNoted() && bytes != 0 &&
      ToAddress(start) % heapline::kPageBytes == 0) {
    heapline::NoteUnmapped(ToAddress(start), bytes, HEAPLINE_FRAME);
  }
  if (next::munmap == nullptr) {
    return static_cast<int>(heapline::heapline_finish_raw_call(
        sys::Call(SYS_munmap, sys::Arg(start), sys::Arg(bytes))));
  }
  ForgetReadablePages();
  const int result = next::munmap(start, bytes);
  ForgetReadablePages();
  return result;
}

HEAPLINE_EXPORT int mprotect(void* start, size_t bytes, int protection) {
  if (next::mprotect == nullptr) {
    return static_cast<int>(heapline::heapline_finish_raw_call(
        sys::Call(SYS_mprotect, sys::Arg(start), sys::Arg(bytes), protection)));
  }
  ForgetReadablePages();
  const int result = next::mprotect(start, bytes, protection);
  ForgetReadablePages();
  return result;
}

HEAPLINE_EXPORT void* mremap(void* start, size_t old_bytes, size_t new_bytes,
                             int flags, ...) {
  va_list list;
  va_start(list, flags);
  void* new_start = (flags & MREMAP_FIXED) != 0 ? va_arg(list, void*) : nullptr;
  va_end(list);
  const bool is_noted = RegionsAreNoted();
  if (next::mremap == nullptr) {
    return reinterpret_cast<void*>(heapline::heapline_finish_raw_call(
        sys::Call(SYS_mremap, sys::Arg(start), sys::Arg(old_bytes),
                  sys::Arg(new_bytes), flags, sys::Arg(new_start))));
  }
  ForgetReadablePages();
  void* result = next::mremap(start, old_bytes, new_bytes, flags, new_start);
  ForgetReadablePages();
  if (is_noted && result != MAP_FAILED) {
    heapline::NoteRemapped(ToAddress(start), old_bytes, ToAddress(result),
                           new_bytes, HEAPLINE_CALLER_CONTEXT(),
                           HEAPLINE_FRAME);
  }
  return result;
}
