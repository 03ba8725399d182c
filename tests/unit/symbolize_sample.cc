#include "symbolize_sample.h"

#include <memory>

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

struct Base {
  virtual ~Base() = default;
  void* of_base = nullptr;
};
struct Inner {
  void* first = nullptr;
  void* second = nullptr;
};
struct Linked : Base {
  static int count;
  char name[8] = {};
  Inner inner;
  Linked* links[4] = {};
  std::shared_ptr<Linked> owner;
  union {
    long in_union = 0;
    double beside;
  };
};
int Linked::count = 0;
const Linked linked;
size_t Distance(const void* member) {
  return static_cast<size_t>(static_cast<const char*>(member) -
                             reinterpret_cast<const char*>(&linked));
}

template <typename T>
struct Box {
  T value;
};
template <typename First, typename Second>
struct Pair {
  First first;
  Second second;
};
extern const Pair<int, Box<int>> pair;
const Pair<int, Box<int>> pair = {1, {2}};

}  // namespace sample

const SampleOffsets sample_offsets = {
    sample::Distance(&sample::linked.of_base),
    sample::Distance(&sample::linked.name),
    sample::Distance(&sample::linked.inner.second),
    sample::Distance(&sample::linked.links[2]),
    sample::Distance(&sample::linked.owner),
    sample::Distance(&sample::linked.in_union)};

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
