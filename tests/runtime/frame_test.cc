// frame_test.cc
#include "samples/runtime/frame.h"

#include "samples/runtime/list.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using FrameTest = RuntimeFixture;

// Fails with a list of 1000 in a local variable.
void FailWithALargeLocal() {
  const FrameScope scope("fail");
  scope.locals().Set("large", List::WithCapacity(1000));
  throw ValueError("bad");
}

Ref<Error> CatchFailure() {
  const FrameScope scope("handle");
  try {
    FailWithALargeLocal();
  } catch (const Exception& thrown) {
    return Error::Make(thrown);
  }
  return nullptr;
}

TEST_F(FrameTest, LocalsDieWithTheirScope) {
  EXPECT_EQ(Frame::Current(), nullptr);
  Ref<List> large = List::Make();
  {
    const FrameScope outer("outer");
    const FrameScope inner("inner");
    EXPECT_EQ(Frame::Current(), &inner.frame());
    EXPECT_EQ(inner.frame().back(), &outer.frame());
    inner.locals().Set("large", large);
    EXPECT_EQ(large->refcount(), 2u);
  }
  EXPECT_EQ(large->refcount(), 1u);
  EXPECT_EQ(Frame::Current(), nullptr);
}

TEST_F(FrameTest, ASavedErrorHoldsTheFramesOfItsTraceback) {
  const Ref<Error> saved = CatchFailure();
  EXPECT_EQ(saved->line(), "ValueError: bad");
  EXPECT_EQ(saved->Format(),
            "Traceback (most recent call last):\n  in handle\n  in fail\n"
            "ValueError: bad");
  ASSERT_NE(saved->traceback(), nullptr);
  EXPECT_NE(saved->traceback()->locals().Get("large"), nullptr);
  const uint64_t held = LiveBytes();
  saved->DropTraceback();
  EXPECT_LT(LiveBytes() + 8000, held);
}

}  // namespace
}  // namespace runtime
