// sizes_test.cc
#include "samples/runtime/sizes.h"

#include <string>

#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using SizesTest = RuntimeFixture;

TEST_F(SizesTest, TheTableIsCPythonsButForStr) {
  const std::vector<SizeRow> rows = SizeTable();
  ASSERT_EQ(rows.size(), 16u);
  for (const SizeRow& row : rows) {
    const bool is_str = std::string(row.label).rfind("str", 0) == 0;
    EXPECT_EQ(row.bytes + (is_str ? 8 : 0), row.cpython_bytes) << row.label;
  }
}

TEST_F(SizesTest, DeepCountsWhatIsSharedOnce) {
  const Ref<List> shared = List::Make({Int::Make(1000)});  // 56 + 16, 28
  const Ref<List> list = List::Make({shared, shared});     // 56 + 16
  EXPECT_EQ(DeepBytes(list), 72u + 72 + 28);
  list->Append(list);  // a cycle, and 8 places: 56 + 64
  EXPECT_EQ(DeepBytes(list), 120u + 72 + 28);
  list->Clear();
}

// exercise 5: a dict of lists of dicts.
TEST_F(SizesTest, DeepWalksADictOfListsOfDicts) {
  const Ref<Dict> outer = Dict::Make();
  uint64_t expected = 0;
  for (int i = 0; i < 3; ++i) {
    const Ref<List> list = List::Make();
    for (int j = 0; j < 4; ++j) {
      const Ref<Dict> inner = Dict::Make();
      inner->Set("value", Int::Make(1000));
      expected += 224 + 28;
      list->Append(inner);
    }
    expected += 56 + 4 * 8 + 41 + 3;  // and its key "k…"
    outer->Set("k:" + std::to_string(i), list);
  }
  expected += 224 + 41 + 5;  // and "value", which is interned
  EXPECT_EQ(DeepBytes(outer), expected);
}

// root ─▶ a ─▶ b ─▶ d, root ─▶ c ─▶ d: a and b retain less than is deep.
TEST_F(SizesTest, RetainedLeavesOutWhatOthersReach) {
  const Ref<Bytes> d = Bytes::Zeroed(1000 - 33);
  const Ref<List> b = List::Make({d});
  const Ref<List> a = List::Make({b});
  const Ref<List> root = List::Make({a, List::Make({d})});
  ExactGraph graph = TakeExactGraph(runtime_);
  // As if only `root` were held from outside.
  graph.roots = {root.get()};

  const BlockSizes of_a = SizesInGraph(graph, a);
  EXPECT_EQ(of_a.shallow_bytes, 56u);
  EXPECT_EQ(of_a.deep_bytes, 72u + 72 + 1000);
  EXPECT_EQ(of_a.retained_bytes, 72u + 72);
  EXPECT_EQ(of_a.retained_count, 4u);
  const BlockSizes of_root = SizesInGraph(graph, root);
  EXPECT_EQ(of_root.retained_bytes, DeepBytes(root));
  EXPECT_EQ(of_root.deep_bytes, DeepBytes(root));
  EXPECT_EQ(SizesInGraph(graph, d).retained_bytes, 1000u);

  graph.roots.clear();
  EXPECT_EQ(SizesInGraph(graph, a).retained_bytes, 0u);
  EXPECT_EQ(SizesInGraph(graph, a).deep_bytes, of_a.deep_bytes);
}

}  // namespace
}  // namespace runtime
