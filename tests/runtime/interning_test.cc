// interning_test.cc
#include "samples/runtime/interning.h"

#include <string>

#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using InterningTest = RuntimeFixture;

TEST_F(InterningTest, EqualTextsBecomeOneObject) {
  Interning& interning = runtime_.interning();
  const InternStats before = interning.stats();
  const Ref<Str> first = Str::Make("spam");
  const Ref<Str> second = Str::Make("spam");
  EXPECT_EQ(interning.Intern(first).get(), first.get());
  EXPECT_EQ(interning.Intern(second).get(), first.get());
  EXPECT_EQ(interning.Intern("spam").get(), first.get());
  EXPECT_EQ(interning.Intern(first).get(), first.get());
  EXPECT_EQ(interning.stats().misses, before.misses + 1);
  EXPECT_EQ(interning.stats().hits, before.hits + 3);
  EXPECT_EQ(interning.stats().bytes_saved, before.bytes_saved + 2 * 45);
  EXPECT_EQ(first->refcount(), 1u);  // the table's is not counted
}

TEST_F(InterningTest, AMortalTextLeavesTheTableWhenItDies) {
  Interning& interning = runtime_.interning();
  const size_t size = interning.size();
  Ref<Str> text = interning.Intern("spam");
  EXPECT_EQ(interning.size(), size + 1);
  EXPECT_EQ(text->intern_state(), InternState::kMortal);
  text = nullptr;
  EXPECT_EQ(interning.size(), size);
  // In its place another may be born.
  EXPECT_EQ(interning.Intern("spam")->view(), "spam");
}

TEST_F(InterningTest, ManyTextsComeAndGo) {
  Interning& interning = runtime_.interning();
  std::vector<Ref<Str>> alive(100);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = std::to_string(i % 150);
    const Ref<Str> made = interning.Intern(text);
    EXPECT_EQ(made->view(), text);
    alive[static_cast<size_t>(i) % 100] = made;
  }
}

TEST(InterningTableTest, WhatIsKeptForeverNeverLeaves) {
  Runtime runtime;
  Interning& interning = runtime.interning();
  const uint64_t before = runtime.allocator().stats().live_bytes;
  for (int i = 0; i < 1000; ++i)
    interning.Intern("text " + std::to_string(i), InternLife::kForever);
  EXPECT_EQ(interning.forever().size(), 1000u);
  EXPECT_GT(runtime.allocator().stats().live_bytes, before + 1000 * 45);
  const Ref<Str> again = interning.Intern("text 999");
  EXPECT_EQ(again.get(), interning.forever().Get("text 999"));
  EXPECT_TRUE(again->Has(kImmortal));
}

TEST(InterningTableTest, AMortalTextCanBeMadeImmortal) {
  Runtime runtime;
  const Ref<Str> text = runtime.interning().Intern("spam");
  runtime.interning().Intern(Str::Make("spam"), InternLife::kForever);
  EXPECT_EQ(text->intern_state(), InternState::kForever);
  EXPECT_EQ(text->refcount(), 3u);
}

}  // namespace
}  // namespace runtime
