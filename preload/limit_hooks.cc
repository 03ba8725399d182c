// A program that limits its own memory: the tables leave it a part of that, so
// they must know. The real functions do all the work; nothing is refused here.
#include <errno.h>

#include "preload/lifecycle.h"
#include "preload/next.h"
#include "preload/pages.h"
#include "preload/tracer.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))

namespace next = heapline::next;

namespace heapline {
namespace {

// errno stays as the real function set it. A vfork child limits itself, in its
// parent's memory; looking again does no harm there.
template <typename Real, typename... Arguments>
int SetLimit(Real real, Arguments... arguments) {
  if (__builtin_expect(CurrentMode() == Mode::kUnset, 0)) StartTracer();
  if (*real == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  const int result = (*real)(arguments...);
  ForgetMemoryLimits();
  return result;
}

}  // namespace
}  // namespace heapline

using heapline::SetLimit;

HEAPLINE_EXPORT int setrlimit(int which, const void* limit) noexcept {
  return SetLimit(&next::setrlimit, which, limit);
}

HEAPLINE_EXPORT int setrlimit64(int which, const void* limit) noexcept {
  return SetLimit(&next::setrlimit64, which, limit);
}

HEAPLINE_EXPORT int prlimit(int pid, int which, const void* limit,
                            void* before) noexcept {
  return SetLimit(&next::prlimit, pid, which, limit, before);
}

HEAPLINE_EXPORT int prlimit64(int pid, int which, const void* limit,
                              void* before) noexcept {
  return SetLimit(&next::prlimit64, pid, which, limit, before);
}
