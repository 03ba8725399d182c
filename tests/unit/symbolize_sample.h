// symbolize_sample.h: a library whose call sites are known to the line, for
// the symbolizer's tests. Built in several ways from one source. A recorder
// notes the address it returns to, which lies in the innermost function.
#ifndef HEAPLINE_TESTS_UNIT_SYMBOLIZE_SAMPLE_H_
#define HEAPLINE_TESTS_UNIT_SYMBOLIZE_SAMPLE_H_

#include <cstddef>

extern "C" {

using SampleRecorder = void (*)();

struct SampleLines {
  int record;  // the call in sample::Widget::Record
  int grow;    // the call of Record, inlined, in sample::Widget::Grow
  int build;   // the call of Grow, inlined, in sample_build
  int leave;   // the call that ends sample_leave
  int lambda;  // the call in a function object inside sample_lambda
};
extern const SampleLines sample_lines;

// Where members of sample::Linked are.
struct SampleOffsets {
  size_t of_base;  // of its base class
  size_t name;
  size_t inner_second;  // `second` of `inner`
  size_t links_2;       // the third of `links`
  size_t owner;         // a std::shared_ptr
  size_t in_union;      // of an anonymous one
};
extern const SampleOffsets sample_offsets;

// Calls `record` through two inlined functions.
void sample_build(SampleRecorder record);
// Its last instruction is the call of `record`, which must throw.
void sample_leave(SampleRecorder record);
// Calls `record` from a local function object.
void sample_lambda(SampleRecorder record);
}

#endif  // HEAPLINE_TESTS_UNIT_SYMBOLIZE_SAMPLE_H_
