// repr_test.cc
#include "samples/runtime/repr.h"

#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/set.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tuple.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using ReprTest = RuntimeFixture;

// As python3.11's repr() of the same.
TEST_F(ReprTest, PrintsAsPythonDoes) {
  EXPECT_EQ(Repr(nullptr), "None");
  EXPECT_EQ(Repr(Int::Make(-1073741824)), "-1073741824");
  struct Row {
    double value;
    const char* text;
  };
  for (const Row& row :
       std::initializer_list<Row>{{3.14, "3.14"},
                                  {1, "1.0"},
                                  {-0.0, "-0.0"},
                                  {0.1 + 0.2, "0.30000000000000004"},
                                  {1e15, "1000000000000000.0"},
                                  {1e16, "1e+16"},
                                  {0.0001, "0.0001"},
                                  {0.00001, "1e-05"},
                                  {1.5e300, "1.5e+300"},
                                  {123456.75, "123456.75"}}) {
    EXPECT_EQ(Repr(Float::Make(row.value)), row.text);
  }
  EXPECT_EQ(Repr(Str::Make("it's")), "\"it's\"");
  EXPECT_EQ(Repr(Str::Make("it's \"so\"")), "'it\\'s \"so\"'");
  EXPECT_EQ(Repr(Str::Make("a\n\t\x01\\")), "'a\\n\\t\\x01\\\\'");
  EXPECT_EQ(Repr(Bytes::Make("ab")), "b'ab'");
}

TEST_F(ReprTest, ShowsContainersOneLevelDeep) {
  const Ref<Dict> stats = Dict::Make();
  stats->Set("hits", Int::Make(2));
  stats->Set("misses", Float::Make(0.5));
  EXPECT_EQ(Repr(stats), "{'hits': 2, 'misses': 0.5}");
  EXPECT_EQ(Repr(Dict::Make()), "{}");
  EXPECT_EQ(Repr(Set::Make()), "set()");
  EXPECT_EQ(Repr(Set::Make({Int::Make(1)})), "{1}");
  EXPECT_EQ(Repr(Tuple::Make({})), "()");
  EXPECT_EQ(Repr(Tuple::Make({Int::Make(700)})), "(700,)");
  EXPECT_EQ(Repr(Tuple::Make({Int::Make(700), Int::Make(10)})), "(700, 10)");
  const Ref<List> list = List::Make({nullptr, stats});
  list->Append(list);
  EXPECT_EQ(Repr(list), "[None, {...}, [...]]");
  list->Clear();
}

}  // namespace
}  // namespace runtime
