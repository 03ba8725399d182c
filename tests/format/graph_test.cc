// The object graph in a file: round trips over section borders, and what is
// left of it where records are malformed, out of order or lies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/snapshot/edge_encoder.h"
#include "analyzer/snapshot/pack.h"
#include "analyzer/snapshot/sections.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_form.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kHuge = UINT64_MAX;
// The low bits of an edge's first number.
constexpr uint64_t kFrom = 2;
constexpr uint64_t kInterior = 1;

using EdgeTuple = std::tuple<uint64_t, uint64_t, uint64_t, uint64_t>;

std::vector<EdgeTuple> EdgesOf(const Snapshot& snapshot) {
  std::vector<EdgeTuple> edges;
  for (EdgeCursor cursor(snapshot.edges); cursor.Next();) {
    const Edge& edge = cursor.edge();
    edges.emplace_back(edge.from, edge.offset, edge.to, edge.place);
  }
  return edges;
}

std::string OneSection(uint32_t id, uint64_t records,
                       const std::string& payload) {
  return FileBuilder().Add(id, records, payload).End().file();
}

std::vector<Edge> RandomEdges(size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<Edge> edges;
  Edge edge;
  edge.from = 0x10;
  for (size_t i = 0; i < count; ++i) {
    if (random() % 4 == 0) {
      edge.from += 16 * (1 + random() % 4096);
      edge.offset = 8 * (random() % 4);
    } else {
      edge.offset += 8 * (1 + random() % 64);
    }
    edge.to = (random() >> (7 + random() % 50)) & ~uint64_t{15};
    edge.place = random() % 3 == 0 ? 1 + random() % 300 : 0;
    edges.push_back(edge);
  }
  return edges;
}

TEST(Graph, EdgesOfManySectionsComeBackAsTheyWere) {
  const std::vector<Edge> edges = RandomEdges(600000, 1);
  EdgeEncoder encoder;
  std::vector<EdgeTuple> expected;
  for (const Edge& edge : edges) {
    encoder.Add(edge);
    expected.emplace_back(edge.from, edge.offset, edge.to, edge.place);
  }
  Snapshot snapshot = SnapshotOf("property graph 1\n");
  snapshot.edges = encoder.Take();
  ASSERT_GE(snapshot.edges.size(), 3u);
  const std::string file = EncodeSnapshot(snapshot);
  EXPECT_EQ(DamageOf(file), "");
  EXPECT_EQ(EdgesOf(MustRead(file)), expected);
  EXPECT_EQ(EncodeSnapshot(MustRead(file)), file);

  PackResult result;
  const absl::StatusOr<std::string> packed =
      PackSnapshot(Bytes(file), "test", &result);
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_LT(packed->size(), file.size());
  EXPECT_EQ(EdgesOf(MustRead(*packed)), expected);

  const absl::StatusOr<Snapshot> text =
      ParseTextForm(WriteTextForm(snapshot), "text");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(EdgesOf(*text), expected);
}

TEST(Graph, RootsAndWordsOfManySectionsComeBackAsTheyWere) {
  std::string text = "property graph 1\n";
  for (uint64_t i = 1; i <= 400000; ++i) {
    absl::StrAppend(&text, "root stack ", i % 7, " ", 0x7f0000000000 + i * 8,
                    " ", (i * 7919 % 100000) * 16,
                    i % 3 == 0 ? " +0x8\n" : "\n");
    absl::StrAppend(&text, "word ", i / 3 * 16, " ", i % 3,
                    i % 3 == 0 ? " counts 1 100000\n" : " module 0x7f123456\n");
  }
  const Snapshot snapshot = SnapshotOf(text);
  ASSERT_EQ(snapshot.roots.size(), 400000u);
  ASSERT_EQ(snapshot.object_words.size(), 400000u);
  const std::string file = EncodeSnapshot(snapshot);
  ASSERT_GT(file.size(), 2u << 20);
  EXPECT_EQ(DamageOf(file), "");
  EXPECT_EQ(WriteTextForm(MustRead(file)), WriteTextForm(snapshot));
}

TEST(Graph, WeakEdgesComeBackAsTheyWereBesideTheOthers) {
  const Snapshot snapshot = SnapshotOf(
      "property graph 1\nproperty exact 1\nedge 0x20 +8 0x10\n"
      "weak-edge 0x20 +24 0x20 +16\nweak-edge 0x10 +8 0x20\n");
  EXPECT_TRUE(IsExact(snapshot));
  EXPECT_EQ(EdgeCount(snapshot.edges), 1u);
  EXPECT_EQ(EdgeCount(snapshot.weak_edges), 2u);
  const std::string file = EncodeSnapshot(snapshot);
  EXPECT_EQ(DamageOf(file), "");
  const std::string text = WriteTextForm(MustRead(file));
  EXPECT_EQ(text, WriteTextForm(snapshot));
  EXPECT_THAT(text, HasSubstr("\nedge 0x20 +0x8 0x10\n"
                              "weak-edge 0x10 +0x8 0x20\n"
                              "weak-edge 0x20 +0x18 0x20 +0x10\n"));
}

TEST(Graph, WeakEdgesOutOfOrderAreLeftOutAndTheOthersStay) {
  const std::string file =
      FileBuilder()
          .Add(HL_SECTION_WEAK_EDGES, 2, Varints({kFrom, 5, 0, 0 << 2, 0}))
          .Add(HL_SECTION_EDGES, 1, Varints({kFrom, 4, 0}))
          .End()
          .file();
  const Snapshot snapshot = MustRead(file);
  EXPECT_EQ(EdgeCount(snapshot.edges), 1u);
  EXPECT_EQ(EdgeCount(snapshot.weak_edges), 1u);
  EXPECT_EQ(DamageOf(file), "weak edges: 1 stand out of order: left out");
}

TEST(Graph, AnOldSnapshotHasNone) {
  const Snapshot snapshot =
      MustRead(FileOf("property live_bytes 8\nblock 0x10 size=8\n"));
  EXPECT_TRUE(snapshot.is_whole());
  EXPECT_EQ(snapshot.roots.size(), 0u);
  EXPECT_THAT(snapshot.edges, IsEmpty());
  EXPECT_EQ(WriteTextForm(snapshot),
            "heapline-text 1\narchitecture x86_64\nproperty live_bytes 8\n"
            "block 0x10 size=8 node=0\n");
}

TEST(Graph, LostRecordsAreCountedByTheEndSection) {
  std::string file = FileOf(
      "property graph 1\nroot global 0 0x8 0x10\nedge 0x10 +0 0x20\n"
      "edge 0x20 +0 0x10\nword 0x10 0 module 0x40\n");
  ASSERT_EQ(DamageOf(file), "");
  // The edges section goes away with its header: only its count is left.
  const size_t edges =
      file.find(std::string(1, HL_SECTION_EDGES) + std::string(3, '\0'),
                sizeof(HlFileHeader));
  ASSERT_NE(edges, std::string::npos);
  HlSectionHeader header;
  std::memcpy(&header, file.data() + edges, sizeof header);
  ASSERT_EQ(header.id, uint32_t{HL_SECTION_EDGES});
  file.erase(edges, sizeof header + header.stored_bytes);
  EXPECT_EQ(DamageOf(file), "edges: 0 of 2 records are in the file");
  EXPECT_EQ(MustRead(file).roots.size(), 1u);
}

TEST(Graph, EdgesBehindAMalformedOneAreLeftOut) {
  const std::string sound = Varints({0 << 2 | kFrom, 1, 4});
  const struct {
    const char* what;
    std::string record;
  } rows[] = {
      {"cut off", std::string("\xff")},
      {"from too high", Varints({kFrom, kMostGranule, 0})},
      {"from far too high", Varints({kFrom, kHuge, 0})},
      {"to too high", Varints({1 << 2, (kMostGranule + 1) << 1})},
      {"to below zero", Varints({1 << 2, 0x7f})},
      {"huge offset", Varints({kHuge & ~uint64_t{3}, 0})},
      {"offset over the limit", Varints({(HL_MAX_ADDRESS / 8 + 1) << 2, 0})},
      {"huge place", Varints({1 << 2 | kInterior, 0, kHuge})},
      {"interior at the start", Varints({1 << 2 | kInterior, 0, 0})},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const std::string file =
        OneSection(HL_SECTION_EDGES, 3, sound + row.record + sound);
    EXPECT_THAT(EdgesOf(MustRead(file)), ElementsAre(EdgeTuple(16, 0, 32, 0)));
    EXPECT_THAT(DamageOf(file), HasSubstr("holds 1 of its 3 records"));
  }
}

TEST(Graph, AFirstEdgeWithoutABlockIsMalformed) {
  const std::string file =
      OneSection(HL_SECTION_EDGES, 2, Varints({4, 2, kFrom, 1, 4}));
  EXPECT_THAT(MustRead(file).edges, IsEmpty());
  EXPECT_THAT(DamageOf(file), HasSubstr("holds 0 of its 2 records"));
}

TEST(Graph, EdgesOutOfOrderAreLeftOutToTheSectionsEnd) {
  // The same word twice, then what would be sound.
  const std::string file =
      OneSection(HL_SECTION_EDGES, 4,
                 Varints({kFrom, 1, 4, 1 << 2, 0, 0 << 2, 0, 1 << 2, 0}));
  EXPECT_THAT(EdgesOf(MustRead(file)),
              ElementsAre(EdgeTuple(16, 0, 32, 0), EdgeTuple(16, 8, 32, 0)));
  EXPECT_EQ(DamageOf(file), "edges: 2 stand out of order: left out");
}

TEST(Graph, SectionsOfEdgesMustAscendThroughTheFile) {
  const std::string file =
      FileBuilder()
          .Add(HL_SECTION_EDGES, 2, Varints({kFrom, 5, 0, 1 << 2, 0}))
          .Add(HL_SECTION_EDGES, 2, Varints({kFrom, 4, 0, kFrom, 3, 0}))
          // The same block goes on, one word further.
          .Add(HL_SECTION_EDGES, 1, Varints({2 << 2 | kFrom, 5, 0}))
          .End()
          .file();
  EXPECT_THAT(EdgesOf(MustRead(file)),
              ElementsAre(EdgeTuple(80, 0, 0, 0), EdgeTuple(80, 8, 0, 0),
                          EdgeTuple(80, 16, 0, 0)));
  EXPECT_EQ(DamageOf(file), "edges: 2 stand out of order: left out");
}

TEST(Graph, ATrillionEdgesAreBelievedOnlyAsFarAsTheBytesGo) {
  const std::string file =
      OneSection(HL_SECTION_EDGES, uint64_t{1} << 40,
                 Varints({kFrom, 1, 4, 1 << 2 | kInterior, 0, 8}));
  EXPECT_THAT(EdgesOf(MustRead(file)),
              ElementsAre(EdgeTuple(16, 0, 32, 0), EdgeTuple(16, 8, 32, 8)));
  EXPECT_THAT(DamageOf(file), HasSubstr("holds 2 of its 1099511627776"));
}

TEST(Graph, BytesBehindTheLastEdgeAreLeftOut) {
  const std::string file =
      OneSection(HL_SECTION_EDGES, 1, Varints({kFrom, 1, 4, 1 << 2, 0}));
  EXPECT_THAT(EdgesOf(MustRead(file)), ElementsAre(EdgeTuple(16, 0, 32, 0)));
  EXPECT_THAT(DamageOf(file), HasSubstr("bytes behind its last record"));
}

TEST(Graph, BlocksMayReferToThemselvesAndToNothingKnown) {
  const std::string file = FileOf(
      "property graph 1\nblock 0x10 size=32\nedge 0x10 +0 0x10\n"
      "edge 0x10 +8 0x10 +0x20\nedge 0x10 +0x1fffffffffffff8 0x9990\n");
  EXPECT_EQ(DamageOf(file), "");
  EXPECT_THAT(EdgesOf(MustRead(file)),
              ElementsAre(EdgeTuple(16, 0, 16, 0), EdgeTuple(16, 8, 16, 32),
                          EdgeTuple(16, 0x1fffffffffffff8, 0x9990, 0)));
}

TEST(Graph, BadRootsAreLeftOutOneByOne) {
  const std::string file = OneSection(HL_SECTION_ROOTS, 5,
                                      Varints({HL_ROOT_STACK,
                                               7,
                                               0x20,
                                               2,
                                               0,  // sound
                                               HL_ROOT_KINDS,
                                               7,
                                               0,
                                               0,
                                               0,  // kind
                                               HL_ROOT_STACK,
                                               7,
                                               0,
                                               (kMostGranule + 1) << 1,
                                               0,  // block
                                               HL_ROOT_STACK,
                                               7,
                                               0,
                                               (kMostGranule << 1) | 1,
                                               kHuge,  // place
                                               HL_ROOT_TLS,
                                               8,
                                               0x10,
                                               0,
                                               3}));  // sound
  const Snapshot snapshot = MustRead(file);
  EXPECT_THAT(snapshot.roots.kind, ElementsAre(HL_ROOT_STACK, HL_ROOT_TLS));
  EXPECT_THAT(snapshot.roots.source, ElementsAre(0x10, 0x18));
  EXPECT_THAT(snapshot.roots.block, ElementsAre(0x10, 0x10));
  EXPECT_THAT(DamageOf(file), HasSubstr("roots: 3 have an unknown kind"));
}

TEST(Graph, BadObjectWordsAreLeftOut) {
  constexpr uint64_t kBlock = 4;
  const std::string file = OneSection(
      HL_SECTION_OBJECT_WORDS, 6,
      Varints({1 << 3 | kBlock | HL_WORD_MODULE, 1, 0x200,    // sound
               1 << 3 | HL_WORD_MODULE, 2,                    // again
               8 << 3 | HL_WORD_COUNTS, 1, 1,                 // index
               2 << 3 | HL_WORD_COUNTS, HL_MAX_COUNT, 1,      // count
               3 << 3 | HL_WORD_MODULE, HL_MAX_ADDRESS << 1,  // address
               0 << 3 | kBlock | HL_WORD_COUNTS, 2, 5, 6}));  // sound
  const Snapshot snapshot = MustRead(file);
  EXPECT_THAT(snapshot.object_words.block, ElementsAre(16, 48));
  EXPECT_THAT(snapshot.object_words.value,
              ElementsAre(0x100, uint64_t{6} << 32 | 5));
  EXPECT_THAT(DamageOf(file), HasSubstr("object words: 4 have an impossible"));
  // A kind that is none: where its record ends cannot be known.
  EXPECT_THAT(DamageOf(OneSection(HL_SECTION_OBJECT_WORDS, 2,
                                  Varints({kBlock | 3, 1, 1, kBlock | 1, 1}))),
              HasSubstr("holds 0 of its 2 records"));
  EXPECT_THAT(DamageOf(OneSection(HL_SECTION_OBJECT_WORDS, 1,
                                  Varints({HL_WORD_MODULE, 1}))),
              HasSubstr("holds 0 of its 1 records"));
}

TEST(Graph, ATypeHasOneName) {
  const std::string file = OneSection(
      HL_SECTION_TYPE_NAMES, 3,
      Varints({32, 1}) + "b" + Varints({16, 1}) + "a" + Varints({32, 1}) + "c");
  const Snapshot snapshot = MustRead(file);
  ASSERT_EQ(snapshot.type_names.size(), 2u);
  EXPECT_EQ(snapshot.type_names[0].name, "a");
  EXPECT_EQ(snapshot.type_names[1].name, "b");
  EXPECT_THAT(DamageOf(file), HasSubstr("type names: 1 are of an address"));
}

TEST(Graph, RootAreasThatWrapAreLeftOut) {
  const std::string file =
      OneSection(HL_SECTION_ROOT_AREAS, 3,
                 Varints({HL_ROOT_STACK, 7, 16, kHuge, 0, HL_ROOT_KINDS, 0, 16,
                          16, 0, HL_ROOT_GLOBAL, 0, 16, 32, 8}));
  const Snapshot snapshot = MustRead(file);
  ASSERT_EQ(snapshot.root_areas.size(), 1u);
  EXPECT_EQ(snapshot.root_areas[0].unreadable_bytes, 8u);
  EXPECT_THAT(DamageOf(file), HasSubstr("root areas: 2 have an unknown kind"));
}

}  // namespace
}  // namespace heapline
