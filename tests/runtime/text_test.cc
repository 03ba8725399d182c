// text_test.cc
#include "samples/runtime/text.h"

#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using TextTest = RuntimeFixture;

TEST_F(TextTest, StrHoldsAnyBytesWithAnEndMark) {
  const std::string_view text("a\0b", 3);
  const Ref<Str> made = Str::Make(text);
  EXPECT_EQ(made->view(), text);
  EXPECT_EQ(made->view().data()[3], '\0');
  EXPECT_EQ(made->ShallowBytes(), 41u + 3);
  EXPECT_EQ(Str::Make("")->ShallowBytes(), 41u);
}

TEST_F(TextTest, RepeatAndConcatMakeNewOnes) {
  EXPECT_EQ(Str::Repeat(" ", 10000)->view(), std::string(10000, ' '));
  EXPECT_EQ(Str::Repeat("ab", 3)->view(), "ababab");
  EXPECT_EQ(Str::Repeat("ab", 0)->view(), "");
  EXPECT_EQ(Str::Repeat("", 5)->view(), "");
  const Ref<Str> start = Str::Make("spam");
  EXPECT_EQ(Str::Concat(*start, *Str::Make("egg"))->view(), "spamegg");
  EXPECT_EQ(start->view(), "spam");
}

TEST_F(TextTest, EqualTextsHashAlike) {
  const Ref<Str> text = Str::Make("spam");
  EXPECT_TRUE(text->Equals(*Str::Make("spam")));
  EXPECT_EQ(text->Hash(), Str::Make("spam")->Hash());
  EXPECT_EQ(text->Hash(), HashText("spam"));
  EXPECT_FALSE(text->Equals(*Str::Make("spa")));
  EXPECT_FALSE(text->Equals(*Bytes::Make("spam")));
}

TEST_F(TextTest, BytesMayBeWrittenTo) {
  const Ref<Bytes> zeros = Bytes::Zeroed(10);
  EXPECT_EQ(zeros->view(), std::string(10, '\0'));
  EXPECT_EQ(zeros->ShallowBytes(), 43u);
  const uint64_t hash = zeros->Hash();
  zeros->data()[0] = 'x';
  EXPECT_NE(zeros->Hash(), hash);
  EXPECT_TRUE(Bytes::Make("ab")->Equals(*Bytes::Make("ab")));
  EXPECT_FALSE(Bytes::Make("ab")->Equals(*Str::Make("ab")));
}

TEST_F(TextTest, ATextDiesWithItsLastReference) {
  const uint64_t before = LiveBytes();
  Ref<Str> text = Str::Repeat("x", 1000);
  EXPECT_EQ(LiveBytes(), before + text->ShallowBytes());
  text = nullptr;
  EXPECT_EQ(LiveBytes(), before);
}

}  // namespace
}  // namespace runtime
