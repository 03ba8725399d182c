#include "symbolize_sample.h"

namespace sample {
namespace {

volatile int after_the_call;  // so that no call is the last thing done

}  // namespace

class Widget {
 public:
  static constexpr int kRecordLine = __LINE__ + 2;
  __attribute__((always_inline)) inline void Record(SampleRecorder record) {
    record();
    after_the_call = 1;
  }

  static constexpr int kGrowLine = __LINE__ + 2;
  __attribute__((always_inline)) inline void Grow(SampleRecorder record) {
    Record(record);
    after_the_call = 2;
  }
};

}  // namespace sample

constexpr int kBuildLine = __LINE__ + 3;
__attribute__((noinline)) void sample_build(SampleRecorder record) {
  sample::Widget widget;
  widget.Grow(record);
  sample::after_the_call = 3;
}

constexpr int kLeaveLine = __LINE__ + 2;
__attribute__((noinline)) void sample_leave(SampleRecorder record) {
  record();
  __builtin_unreachable();
}

constexpr int kLambdaLine = __LINE__ + 3;
__attribute__((noinline)) void sample_lambda(SampleRecorder record) {
  const auto call = [record]() __attribute__((noinline)) {
    record();
    sample::after_the_call = 4;
  };
  call();
  sample::after_the_call = 5;
}

const SampleLines sample_lines = {sample::Widget::kRecordLine,
                                  sample::Widget::kGrowLine, kBuildLine,
                                  kLeaveLine, kLambdaLine};
