// Trees over an object graph: down by what is retained, up to the roots.
#include "analyzer/analysis/reference_tree.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/components.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/reachability.h"
#include "graph_fixture.h"

namespace heapline {
namespace {

constexpr TreeLimits kAll = {1000, 1000};

struct Tree : AnalyzedGraph {
  explicit Tree(GraphBuilder* heap) : AnalyzedGraph(heap->Build()) {}

  // Objects of as many bytes have one name.
  uint32_t NameOf(Vertex v) const {
    return static_cast<uint32_t>(graph.RequestedBytes(v));
  }
  std::vector<TreeRow> Down(TreeLimits limits = kAll) const {
    return TreeFromHolder(
        graph, retention, retention.root(),
        [this](Vertex v) { return NameOf(v); }, limits);
  }
  std::vector<TreeRow> DownFrom(const std::vector<Vertex>& objects,
                                uint32_t name, TreeLimits limits = kAll) const {
    return TreeFromObjects(
        graph, retention, objects, name, [this](Vertex v) { return NameOf(v); },
        limits);
  }
  std::vector<TreeRow> Up(const std::vector<Vertex>& objects,
                          TreeLimits limits = kAll,
                          absl::Span<const uint8_t> leads = {},
                          absl::Span<const uint32_t> only = {}) const {
    return TreeToObjects(
        graph, retention, groups, objects, kNoName, leads, only,
        [this](Vertex v) { return NameOf(v); }, limits);
  }
};

// "  2x32 +0x8 r=64": indented by depth; H: a holder, S: shared, …: the rest.
std::vector<std::string> Written(const std::vector<TreeRow>& rows) {
  std::vector<std::string> lines;
  for (const TreeRow& row : rows) {
    std::string line(2 * row.depth, ' ');
    switch (row.kind) {
      case TreeRow::Kind::kHolder:
        absl::StrAppend(&line, "H");
        break;
      case TreeRow::Kind::kShared:
        absl::StrAppend(&line, "S");
        break;
      case TreeRow::Kind::kObjects:
        absl::StrAppend(&line, row.count, "x",
                        row.name == kNoName ? 0 : row.name);
        break;
      case TreeRow::Kind::kRest:
        absl::StrAppend(&line, "...", row.hidden_rows, " rows");
        break;
    }
    if (row.reference == TreeRow::Reference::kAt) {
      absl::StrAppend(&line, " +0x", absl::Hex(row.offset));
    } else if (row.reference == TreeRow::Reference::kSeveral) {
      absl::StrAppend(&line, " +several");
    }
    lines.push_back(absl::StrCat(line, " r=", row.retained.bytes));
  }
  return lines;
}

using Lines = std::vector<std::string>;

// global -> table(100) -> 3 entries(40), each -> a text(20)
void AddCache(GraphBuilder* heap) {
  const Vertex table = heap->Block(100);
  std::vector<Vertex> entries;
  for (int i = 0; i < 3; ++i) entries.push_back(heap->Block(40));
  for (int i = 0; i < 3; ++i) heap->Edge(table, 8 * i, entries[i]);
  std::vector<Vertex> texts;
  for (int i = 0; i < 3; ++i) texts.push_back(heap->Block(20));
  for (int i = 0; i < 3; ++i) heap->Edge(entries[i], 16, texts[i]);
  heap->Root(HL_ROOT_GLOBAL, table);
}

TEST(ReferenceTreeTest, ObjectsOfOneNameBelowOneRowAreOneRow) {
  GraphBuilder heap;
  AddCache(&heap);
  const Tree tree(&heap);
  EXPECT_EQ(Written(tree.Down()),
            (Lines{"H r=280", "  H r=280", "    1x100 r=280",
                   "      3x40 +several r=180", "        3x20 +0x10 r=60"}));
  EXPECT_EQ(Written(tree.DownFrom({2}, kNoName)),
            (Lines{"1x0 r=60", "  1x20 +0x10 r=20"}));
}

TEST(ReferenceTreeTest, WhatIsLeftOutBelowARowIsARow) {
  GraphBuilder heap;
  AddCache(&heap);
  const Tree tree(&heap);
  EXPECT_EQ(Written(tree.Down({3, 1000})),
            (Lines{"H r=280", "  H r=280", "    1x100 r=280",
                   "      ...0 rows r=180"}));
  EXPECT_EQ(Written(tree.Down({1000, 2})),
            (Lines{"H r=280", "  H r=280", "    1x100 r=280",
                   "      ...0 rows r=180"}));
}

TEST(ReferenceTreeTest, RowsNextToThoseShownAreCounted) {
  GraphBuilder heap;
  const Vertex owner = heap.Block(8), big = heap.Block(500),
               small = heap.Block(30), least = heap.Block(20);
  heap.Edge(owner, 0, big);
  heap.Edge(owner, 8, small);
  heap.Edge(owner, 16, least);
  const Tree tree(&heap);
  EXPECT_EQ(Written(tree.DownFrom({owner}, kNoName, {2, 1000})),
            (Lines{"1x0 r=558", "  1x500 +0x0 r=500", "  ...2 rows r=50"}));
}

TEST(ReferenceTreeTest, AListIsOneRowHoweverLong) {
  constexpr Vertex kLength = 10000000;
  GraphBuilder heap;
  for (Vertex v = 0; v < kLength; ++v) heap.Block(16);
  for (Vertex v = 0; v + 1 < kLength; ++v) heap.Edge(v, 0, v + 1);
  heap.Root(HL_ROOT_GLOBAL, 0);
  const Tree tree(&heap);
  EXPECT_EQ(Written(tree.Down()), (Lines{"H r=160000000", "  H r=160000000",
                                         "    10000000x16 r=160000000"}));
  const std::vector<TreeRow> up = tree.Up({kLength - 1});
  ASSERT_EQ(up.size(), 3u);
  EXPECT_EQ(up[1].count, kLength - 1);
  EXPECT_EQ(up[2].kind, TreeRow::Kind::kHolder);
}

TEST(ReferenceTreeTest, AChainOfManyNamesIsCutAtTheDepthWithoutRecursion) {
  constexpr Vertex kLength = 3000000;
  GraphBuilder heap;
  for (Vertex v = 0; v < kLength; ++v) heap.Block(16 + v % 2);
  for (Vertex v = 0; v + 1 < kLength; ++v) heap.Edge(v, 0, v + 1);
  heap.Root(HL_ROOT_GLOBAL, 0);
  const Tree tree(&heap);
  const std::vector<TreeRow> deep = tree.Down({10000, 1u << 30});
  EXPECT_EQ(deep.size(), 10001u);
  EXPECT_EQ(deep.back().kind, TreeRow::Kind::kRest);
  EXPECT_EQ(deep.back().count, kLength - 9998);
  EXPECT_EQ(tree.Down({10000, 5}).size(), 7u);
  EXPECT_EQ(tree.Up({kLength - 1}, {10000, 5}).size(), 7u);
}

TEST(ReferenceTreeTest, WhatSeveralRootsHoldStandsBelowNoneOfThem) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(32), shared = heap.Block(16);
  heap.Edge(a, 0, shared);
  heap.Edge(b, 0, shared);
  heap.Root(HL_ROOT_GLOBAL, a);
  heap.Root(HL_ROOT_GLOBAL, b);
  const Tree tree(&heap);
  EXPECT_EQ(Written(tree.Down()),
            (Lines{"H r=112", "  H r=64", "    1x64 r=64", "  H r=32",
                   "    1x32 r=32", "  S r=16", "    1x16 r=16"}));
}

TEST(ReferenceTreeTest, LeaksStandBelowARowOfTheirOwn) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(64), text = heap.Block(16);
  heap.Edge(a, 0, b);
  heap.Edge(b, 0, a);
  heap.Edge(b, 8, text);
  const Tree tree(&heap);
  EXPECT_EQ(Written(tree.Down()),
            (Lines{"H r=144", "  H r=144", "    2x64 r=144",
                   "      1x16 +0x8 r=16"}));
}

TEST(ReferenceTreeTest, UpEachObjectStandsWhereItIsNearest) {
  GraphBuilder heap;
  const Vertex root = heap.Block(64), left = heap.Block(32),
               right = heap.Block(40), leaf = heap.Block(16);
  heap.Edge(root, 0, left);
  heap.Edge(root, 8, right);
  heap.Edge(root, 16, leaf);
  heap.Edge(left, 24, leaf);
  heap.Edge(right, 32, leaf);
  heap.Root(HL_ROOT_GLOBAL, root);
  const Tree tree(&heap);
  EXPECT_EQ(Written(tree.Up({leaf})),
            (Lines{"1x0 r=16", "  1x64 +0x10 r=152", "    H r=152",
                   "  1x32 +0x18 r=32", "  1x40 +0x20 r=40"}));
  EXPECT_EQ(Written(tree.Up({leaf}, {2, 1000})),
            (Lines{"1x0 r=16", "  1x64 +0x10 r=152", "    ...1 rows r=0",
                   "  ...2 rows r=0"}));
}

TEST(ReferenceTreeTest, UpOnlyWhatLeadsThereMayStand) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(32), leaf = heap.Block(16);
  heap.Edge(a, 0, leaf);
  heap.Edge(b, 0, leaf);
  heap.Root(HL_ROOT_GLOBAL, a);
  heap.Root(HL_ROOT_STACK, b);
  const Tree tree(&heap);
  const std::vector<uint8_t> leads = {0, 1, 1};
  const std::vector<uint32_t> only = {1};
  EXPECT_EQ(Written(tree.Up({leaf}, kAll, leads, only)),
            (Lines{"1x0 r=16", "  1x32 +0x0 r=32", "    H r=32"}));
}

// Down: shallow bytes sum to what the first row retains, a row to what it is
// and what stands below; each object up is on one row.
TEST(ReferenceTreeTest, RandomTreesAddUp) {
  for (uint32_t seed = 0; seed < kRandomGraphs / 4; ++seed) {
    RandomGraph random(seed);
    const Tree tree(&random.builder);
    std::mt19937 choice(seed);
    const TreeLimits limits = {1 + choice() % 20,
                               1 + static_cast<uint32_t>(choice() % 6)};
    const std::vector<TreeRow> rows = tree.Down(limits);
    uint64_t bytes = 0, count = 0;
    std::vector<uint64_t> below(rows.size(), 0);
    for (size_t i = rows.size(); i-- > 0;) {
      bytes += rows[i].shallow_bytes;
      count += rows[i].count;
      EXPECT_LE(rows[i].depth, limits.depth + 1);
      if (rows[i].kind != TreeRow::Kind::kRest) {
        below[i] += rows[i].shallow_bytes;
        EXPECT_EQ(rows[i].retained.bytes, below[i]) << seed;
      }
      if (rows[i].parent != TreeRow::kNoParent) {
        ASSERT_LT(rows[i].parent, i);
        below[rows[i].parent] += rows[i].retained.bytes;
      }
    }
    EXPECT_EQ(bytes, rows[0].retained.bytes) << seed;
    EXPECT_EQ(count, rows[0].retained.count) << seed;
    const size_t shown = static_cast<size_t>(std::count_if(
        rows.begin(), rows.end(),
        [](const TreeRow& row) { return row.kind != TreeRow::Kind::kRest; }));
    EXPECT_LE(shown, limits.rows) << seed;

    const Vertex target = choice() % random.size;
    uint64_t standing = 0;
    for (const TreeRow& row : tree.Up({target})) standing += row.count;
    uint64_t leading = 0;
    for (Vertex v = 0; v < random.size; ++v) {
      if (random.ReachedFrom(v)[target]) ++leading;
    }
    EXPECT_EQ(standing, leading) << seed;
  }
}

}  // namespace
}  // namespace heapline
