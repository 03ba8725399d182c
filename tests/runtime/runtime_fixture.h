// runtime_fixture.h: a test with a runtime of its own, which must end with no
// more objects alive than it began with: nothing leaks, and nothing is held by
// a count that was not given back.
#ifndef HEAPLINE_TESTS_RUNTIME_RUNTIME_FIXTURE_H_
#define HEAPLINE_TESTS_RUNTIME_RUNTIME_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "samples/runtime/cast.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/function.h"
#include "samples/runtime/number.h"
#include "samples/runtime/runtime.h"

namespace runtime {

class RuntimeFixture : public testing::Test {
 protected:
  RuntimeFixture() : objects_at_start_(runtime_.live_objects()) {}

  void TearDown() override {
    runtime_.collector().Collect();
    EXPECT_EQ(runtime_.live_objects(), objects_at_start_);
  }

  uint64_t LiveBytes() { return runtime_.allocator().stats().live_bytes; }

  Runtime runtime_;

 private:
  size_t objects_at_start_;
};

// REQUIRES: an Int.
inline int64_t ValueOf(const Object* object) {
  return Cast<Int>(object)->value();
}

// def f(argument): return argument
inline Ref<Object> ReturnArgument(Function&, Ref<Object> argument) {
  return argument;
}

// "KeyError: 'x'" where `statement` throws one of ours, else "".
template <typename Statement>
std::string ErrorOf(const Statement& statement) {
  try {
    statement();
  } catch (const Exception& error) {
    return error.Line();
  }
  return "";
}

}  // namespace runtime

#endif  // HEAPLINE_TESTS_RUNTIME_RUNTIME_FIXTURE_H_
