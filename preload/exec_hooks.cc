// exec*: the reserved signal must not be pending when the new image begins,
// which has no handler for it yet (BeforeExec). glibc's exec functions call
// each other past the dynamic linker, so each has its hook.
//
// All of them run in vfork children too: nothing but the stack is touched
// then.
#include <stdarg.h>
#include <stddef.h>

#include "preload/lifecycle.h"
#include "preload/next.h"
#include "preload/tracer.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))

extern "C" char** environ;  // the one that the program's libc uses

namespace heapline {
namespace {

template <typename Exec>
int ExecGuarded(char* const* environment, Exec exec) {
  if (__builtin_expect(CurrentMode() == Mode::kUnset, 0)) StartTracer();
  const ExecToken token = BeforeExec(environment);
  const int result = exec();
  AfterFailedExec(token);
  return result;
}

// Arguments of execl and its like, the ending NULL included.
size_t CountArguments(const char* first, va_list* list) {
  size_t count = 1;
  for (const char* argument = first; argument != nullptr;
       argument = va_arg(*list, const char*)) {
    ++count;
  }
  return count;
}

void CopyArguments(const char* first, va_list* list, size_t count, char** out) {
  out[0] = const_cast<char*>(first);
  for (size_t i = 1; i < count; ++i) out[i] = va_arg(*list, char*);
}

}  // namespace
}  // namespace heapline

using heapline::CopyArguments;
using heapline::CountArguments;
using heapline::ExecGuarded;
namespace next = heapline::next;

HEAPLINE_EXPORT int execve(const char* path, char* const* arguments,
                           char* const* environment) {
  return ExecGuarded(
      environment, [=] { return next::execve(path, arguments, environment); });
}

HEAPLINE_EXPORT int execv(const char* path, char* const* arguments) {
  return ExecGuarded(environ, [=] { return next::execv(path, arguments); });
}

HEAPLINE_EXPORT int execvp(const char* file, char* const* arguments) {
  return ExecGuarded(environ, [=] { return next::execvp(file, arguments); });
}

HEAPLINE_EXPORT int execvpe(const char* file, char* const* arguments,
                            char* const* environment) {
  return ExecGuarded(
      environment, [=] { return next::execvpe(file, arguments, environment); });
}

HEAPLINE_EXPORT int fexecve(int descriptor, char* const* arguments,
                            char* const* environment) {
  return ExecGuarded(environment, [=] {
    return next::fexecve(descriptor, arguments, environment);
  });
}

HEAPLINE_EXPORT int execveat(int directory, const char* path,
                             char* const* arguments, char* const* environment,
                             int flags) {
  return ExecGuarded(environment, [=] {
    return next::execveat(directory, path, arguments, environment, flags);
  });
}

// The lists become arrays on the stack, as libc itself does it.
#define HEAPLINE_LIST_TO_ARRAY(first, array)                              \
  va_list counting;                                                       \
  va_start(counting, first);                                              \
  const size_t count = CountArguments(first, &counting);                  \
  va_end(counting);                                                       \
  char** array =                                                          \
      static_cast<char**>(__builtin_alloca((count + 1) * sizeof(char*))); \
  va_list list;                                                           \
  va_start(list, first);                                                  \
  CopyArguments(first, &list, count, array)

HEAPLINE_EXPORT int execl(const char* path, const char* first, ...) {
  HEAPLINE_LIST_TO_ARRAY(first, arguments);
  va_end(list);
  return ExecGuarded(environ, [=] { return next::execv(path, arguments); });
}

HEAPLINE_EXPORT int execlp(const char* file, const char* first, ...) {
  HEAPLINE_LIST_TO_ARRAY(first, arguments);
  va_end(list);
  return ExecGuarded(environ, [=] { return next::execvp(file, arguments); });
}

HEAPLINE_EXPORT int execle(const char* path, const char* first, ...) {
  HEAPLINE_LIST_TO_ARRAY(first, arguments);
  char** environment = va_arg(list, char**);
  va_end(list);
  return ExecGuarded(
      environment, [=] { return next::execve(path, arguments, environment); });
}
