// ignored_error.h: what becomes of an error in code that nobody called: a
// finalizer, a weak reference's callback. It is told on standard error, as
// CPython's sys.unraisablehook does, and the program goes on.
#ifndef SAMPLES_RUNTIME_IGNORED_ERROR_H_
#define SAMPLES_RUNTIME_IGNORED_ERROR_H_

#include <cstdio>
#include <string>

#include "samples/runtime/errors.h"

namespace runtime {

// Runs `code`; `where` is whose code it is: "Node.__del__".
template <typename Code>
void IgnoreErrors(const std::string& where, Code code) {
  try {
    code();
  } catch (const Exception& error) {
    fprintf(stderr, "Exception ignored in: <function %s>\n%s\n", where.c_str(),
            error.Line().c_str());
  }
}

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_IGNORED_ERROR_H_
