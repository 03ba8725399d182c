// number_test.cc
#include "samples/runtime/number.h"

#include <limits>

#include "samples/runtime/interning.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using NumberTest = RuntimeFixture;

TEST_F(NumberTest, IntsHoldTheirValueInCPythonsSizes) {
  struct Row {
    int64_t value;
    size_t bytes;
  };
  const int64_t digit = int64_t{1} << 30;
  for (const Row& row :
       std::initializer_list<Row>{{0, 28},
                                  {1, 28},
                                  {-1, 28},
                                  {digit - 1, 28},
                                  {digit, 32},
                                  {-digit, 32},
                                  {digit * digit - 1, 32},
                                  {digit * digit, 36},
                                  {std::numeric_limits<int64_t>::max(), 36},
                                  {std::numeric_limits<int64_t>::min(), 36}}) {
    const Ref<Int> number = Int::MakeUnshared(row.value);
    EXPECT_EQ(number->value(), row.value);
    EXPECT_EQ(number->ShallowBytes(), row.bytes) << row.value;
  }
}

TEST_F(NumberTest, SmallIntsAreOneObjectAndLargerOnesAreNot) {
  for (const int64_t value : {kLeastSmallInt, int64_t{0}, kGreatestSmallInt})
    EXPECT_EQ(Int::Make(value).get(), Int::Make(value).get()) << value;
  for (const int64_t value : {kLeastSmallInt - 1, kGreatestSmallInt + 1}) {
    const Ref<Int> one = Int::Make(value);
    const Ref<Int> other = Int::Make(value);
    EXPECT_NE(one.get(), other.get()) << value;
    EXPECT_TRUE(one->Equals(*other));
  }
  EXPECT_TRUE(Int::Make(7)->Has(kImmortal));
  EXPECT_FALSE(Int::MakeUnshared(7)->Has(kImmortal));
}

TEST_F(NumberTest, EqualNumbersHashAlike) {
  const Ref<Int> one = Int::Make(1);
  const Ref<Float> whole = Float::Make(1.0);
  EXPECT_TRUE(one->Equals(*whole));
  EXPECT_TRUE(whole->Equals(*one));
  EXPECT_EQ(one->Hash(), whole->Hash());
  EXPECT_EQ(Float::Make(-0.0)->Hash(), Int::Make(0)->Hash());

  const Ref<Float> broken = Float::Make(1.5);
  EXPECT_FALSE(one->Equals(*broken));
  EXPECT_NE(broken->Hash(), Float::Make(2.5)->Hash());
  // 2^63 is a whole number, but no int64.
  EXPECT_FALSE(Float::Make(9223372036854775808.0)
                   ->Equals(*Int::Make(std::numeric_limits<int64_t>::max())));
  const Ref<Float> nan = Float::Make(std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(nan->Equals(*nan));
}

}  // namespace
}  // namespace runtime
