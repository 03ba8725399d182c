// mmap, munmap, mremap, mprotect: what pages can be read may change (answers
// of readable_memory are void from then on), and with mmap=1 what the program
// maps is a class of its own. The C library's own mappings do not come here.
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "preload/capture.h"
#include "preload/lifecycle.h"
#include "preload/mapped_regions.h"
#include "preload/next.h"
#include "preload/pages.h"
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

// Before start, and while the next functions are being found.
long FinishRawCall(long result) {
  if (!sys::Failed(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

void* Map(void* start, size_t bytes, int protection, int flags, int descriptor,
          off_t offset) {
  if (next::mmap == nullptr) {
    return reinterpret_cast<void*>(
        FinishRawCall(sys::Call(SYS_mmap, sys::Arg(start), sys::Arg(bytes),
                                protection, flags, descriptor, offset)));
  }
  void* result =
      next::mmap(start, bytes, protection, flags, descriptor, offset);
  if ((flags & MAP_FIXED) != 0) ForgetReadablePages();
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
  const bool is_noted = RegionsAreNoted();
  void* result =
      heapline::Map(start, bytes, protection, flags, descriptor, offset);
  if (is_noted && result != MAP_FAILED) {
    heapline::NoteMapped(ToAddress(result), bytes, HEAPLINE_CALLER_CONTEXT(),
                         HEAPLINE_FRAME);
  }
  return result;
}

HEAPLINE_EXPORT void* mmap64(void* start, size_t bytes, int protection,
                             int flags, int descriptor, off_t offset) {
  const bool is_noted = RegionsAreNoted();
  void* result =
      heapline::Map(start, bytes, protection, flags, descriptor, offset);
  if (is_noted && result != MAP_FAILED) {
    heapline::NoteMapped(ToAddress(result), bytes, HEAPLINE_CALLER_CONTEXT(),
                         HEAPLINE_FRAME);
  }
  return result;
}

HEAPLINE_EXPORT int munmap(void* start, size_t bytes) {
  // Before the call: its addresses may belong to another thread right after.
  if (RegionsAreNoted() && bytes != 0 &&
      ToAddress(start) % heapline::kPageBytes == 0) {
    heapline::NoteUnmapped(ToAddress(start), bytes, HEAPLINE_FRAME);
  }
  if (next::munmap == nullptr) {
    return static_cast<int>(heapline::FinishRawCall(
        sys::Call(SYS_munmap, sys::Arg(start), sys::Arg(bytes))));
  }
  ForgetReadablePages();
  const int result = next::munmap(start, bytes);
  ForgetReadablePages();
  return result;
}

HEAPLINE_EXPORT int mprotect(void* start, size_t bytes, int protection) {
  if (next::mprotect == nullptr) {
    return static_cast<int>(heapline::FinishRawCall(
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
    return reinterpret_cast<void*>(heapline::FinishRawCall(
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
