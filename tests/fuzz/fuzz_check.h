// fuzz_check.h: a promise that a fuzz target holds the code under test to.
// Where it is broken the target stops, so that libFuzzer keeps the input.
// Thread-safe: no state.
#ifndef HEAPLINE_TESTS_FUZZ_FUZZ_CHECK_H_
#define HEAPLINE_TESTS_FUZZ_FUZZ_CHECK_H_

#include <cstdio>
#include <cstdlib>

// `promise` is a sentence for whoever reads the finding.
#define FUZZ_CHECK(condition, promise)                                        \
  do {                                                                        \
    if (!(condition)) {                                                       \
      std::fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, \
                   promise);                                                  \
      std::abort();                                                           \
    }                                                                         \
  } while (false)

#endif  // HEAPLINE_TESTS_FUZZ_FUZZ_CHECK_H_
