// Damaged files: every byte flipped, every length cut; the sound part stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/snapshot/pack.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_form.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void ExpectGraphInvariants(const Snapshot& snapshot) {
  uint64_t claimed = 0;
  for (const EdgeSection& section : snapshot.edges) {
    claimed += section.record_count;
  }
  uint64_t found = 0;
  Edge last;
  for (EdgeCursor cursor(snapshot.edges); cursor.Next(); ++found) {
    const Edge& edge = cursor.edge();
    ASSERT_TRUE(found == 0 || edge.from > last.from ||
                (edge.from == last.from && edge.offset > last.offset));
    last = edge;
  }
  ASSERT_EQ(found, claimed);
  const ObjectWordColumns& words = snapshot.object_words;
  for (size_t i = 1; i < words.size(); ++i) {
    ASSERT_TRUE(words.block[i] > words.block[i - 1] ||
                (words.block[i] == words.block[i - 1] &&
                 words.index[i] > words.index[i - 1]));
  }
  for (const uint8_t kind : snapshot.roots.kind) ASSERT_LT(kind, HL_ROOT_KINDS);
}

// What snapshot.h promises to everything behind the reader.
void ExpectInvariants(const Snapshot& snapshot) {
  const size_t nodes = snapshot.nodes.size();
  ASSERT_GE(nodes, 1u);
  ASSERT_EQ(snapshot.nodes.parent.size(), nodes);
  ASSERT_EQ(snapshot.nodes.kind.size(), nodes);
  ASSERT_EQ(snapshot.nodes.generation.size(), nodes);
  ASSERT_EQ(snapshot.counters.total_count.size(), nodes);
  ASSERT_EQ(snapshot.counters.total_bytes.size(), nodes);
  ASSERT_EQ(snapshot.counters.temporary_count.size(), nodes);
  for (size_t id = 1; id < nodes; ++id) {
    ASSERT_LT(Index(snapshot.nodes.parent[id]), id);
    ASSERT_LE(snapshot.nodes.kind[id], HL_NODE_SPECIAL);
  }
  for (const BlockColumns* blocks :
       {&snapshot.blocks, &snapshot.pool_blocks, &snapshot.mapped_regions}) {
    ASSERT_EQ(blocks->requested_bytes.size(), blocks->size());
    ASSERT_EQ(blocks->epoch.size(), blocks->size());
    for (size_t i = 0; i < blocks->size(); ++i) {
      ASSERT_LT(Index(blocks->node[i]), nodes);
      if (i == 0) continue;
      ASSERT_LT(blocks->address[i - 1], blocks->address[i]);
    }
  }
  for (const Thread& thread : snapshot.threads) {
    ASSERT_LT(Index(thread.node), nodes);
  }
  for (const NodeLabel& label : snapshot.labels) {
    ASSERT_LT(Index(label.node), nodes);
  }
  for (const NodeSymbol& symbol : snapshot.symbols) {
    ASSERT_LT(Index(symbol.node), nodes);
  }
  ExpectGraphInvariants(snapshot);
}

// Either an error with its three parts or a snapshot that says it is damaged.
void ExpectErrorOrDamage(const std::string& file, const std::string& what) {
  SCOPED_TRACE(what);
  const absl::StatusOr<Snapshot> snapshot =
      TryParseSnapshot(Bytes(file), "test");
  if (!snapshot.ok()) {
    EXPECT_TRUE(absl::StrContains(snapshot.status().message(), "; "))
        << snapshot.status();
    return;
  }
  EXPECT_FALSE(snapshot->is_whole());
  ExpectInvariants(*snapshot);
}

std::string Packed(const std::string& file) {
  PackResult result;
  absl::StatusOr<std::string> packed =
      PackSnapshot(Bytes(file), "test", &result);
  EXPECT_TRUE(packed.ok()) << packed.status();
  return packed.ok() ? *packed : "";
}

// A file whose sections are large enough to be worth packing.
std::string FileWithManyBlocks() {
  std::string text = "node 1 return 0x1234\n";
  for (int i = 1; i <= 300; ++i) {
    absl::StrAppend(&text, "block ", i * 64, " size=48 node=1\n");
  }
  return FileOf(text);
}

class DamagedFiles : public testing::TestWithParam<std::string (*)()> {};

TEST_P(DamagedFiles, NeverPassAsWholeWithAByteFlipped) {
  const std::string file = GetParam()();
  for (size_t i = 0; i < file.size(); ++i) {
    for (const unsigned char mask : {0x01, 0x80, 0xff}) {
      std::string flipped = file;
      flipped[i] = static_cast<char>(flipped[i] ^ mask);
      ExpectErrorOrDamage(flipped, absl::StrCat("byte ", i, " ^ ", mask));
    }
  }
}

TEST_P(DamagedFiles, NeverPassAsWholeCutShort) {
  const std::string file = GetParam()();
  for (size_t length = 0; length < file.size(); ++length) {
    ExpectErrorOrDamage(file.substr(0, length),
                        absl::StrCat("cut at ", length));
  }
}

TEST_P(DamagedFiles, NeverPassAsWholeWithBytesTakenOutOrPutIn) {
  const std::string file = GetParam()();
  for (size_t i = 0; i <= file.size(); ++i) {
    if (i < file.size()) {
      std::string without = file;
      without.erase(i, 1);
      ExpectErrorOrDamage(without, absl::StrCat("without byte ", i));
    }
    std::string with = file;
    with.insert(i, "\x55");
    ExpectErrorOrDamage(with, absl::StrCat("with a byte at ", i));
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, DamagedFiles,
                         testing::Values(
                             +[] { return EncodedEveryKind(); },
                             +[] { return Packed(EncodedEveryKind()); },
                             +[] { return Packed(FileWithManyBlocks()); }));

TEST(Damage, CostsOnlyTheSectionItIsIn) {
  FileBuilder builder;
  builder.Add(HL_SECTION_BLOCKS, 1, Varints({1, 10, 0, 0}));
  const size_t second = builder.file().size();
  builder.Add(HL_SECTION_BLOCKS, 2, Varints({2, 20, 0, 0, 1, 25, 0, 0}));
  builder.Add(HL_SECTION_BLOCKS, 1, Varints({5, 30, 0, 0})).End();
  std::string file = builder.file();
  file[second + sizeof(HlSectionHeader)] ^= 1;
  const Snapshot snapshot = MustRead(file);
  EXPECT_THAT(snapshot.blocks.requested_bytes, ElementsAre(10, 30));
  EXPECT_THAT(snapshot.damage,
              ElementsAre(absl::StrCat("blocks: section at byte ", second,
                                       " has a wrong checksum: 2 records left "
                                       "out")));
}

TEST(Damage, OfALengthIsPassedOverToTheNextSoundSection) {
  FileBuilder builder;
  builder.Add(HL_SECTION_BLOCKS, 1, Varints({1, 10, 0, 0}));
  const size_t second = builder.file().size();
  builder.Add(HL_SECTION_BLOCKS, 1, Varints({2, 20, 0, 0}));
  const size_t third = builder.file().size();
  builder.Add(HL_SECTION_BLOCKS, 1, Varints({5, 30, 0, 0})).End();
  std::string file = builder.file();
  file[second + offsetof(HlSectionHeader, stored_bytes)] ^= 2;
  const Snapshot snapshot = MustRead(file);
  EXPECT_THAT(snapshot.blocks.requested_bytes, ElementsAre(10, 30));
  EXPECT_THAT(snapshot.damage,
              ElementsAre(absl::StrCat("bytes ", second, " to ", third - 1,
                                       " are damaged: the sections there are "
                                       "left out")));
}

TEST(Damage, OfTheTailKeepsWhatStandsBefore) {
  FileBuilder builder;
  builder.Add(HL_SECTION_BLOCKS, 1, Varints({1, 10, 0, 0}));
  const size_t second = builder.file().size();
  builder.Add(HL_SECTION_BLOCKS, 7, std::string(100, '\1'));
  const Snapshot snapshot =
      MustRead(builder.file().substr(0, builder.file().size() - 50));
  EXPECT_THAT(snapshot.blocks.requested_bytes, ElementsAre(10));
  ASSERT_EQ(snapshot.damage.size(), 2u);
  EXPECT_EQ(snapshot.damage[0],
            absl::StrCat("blocks: section at byte ", second,
                         " is cut off at the end of the file: 7 records left "
                         "out"));
  EXPECT_THAT(snapshot.damage[1], HasSubstr("no end section"));
}

TEST(Damage, ToASectionInTheMiddleIsCountedByTheEndSection) {
  const std::string payload =
      Varints({static_cast<uint64_t>(PropertyId::written_blocks) << 1, 77});
  const FileBuilder builder =
      FileBuilder()
          .Add(HL_SECTION_BLOCKS, 1, Varints({1, 10, 0, 0}))
          .Add(HL_SECTION_END, 1, payload);
  EXPECT_EQ(DamageOf(builder.file()),
            "blocks: 1 of 77 records are in the file");
}

TEST(Damage, OfNodesShowsWhatIsMissingAsUnknown) {
  FileBuilder builder;
  builder.Add(HL_SECTION_NODES, 1, Varints({1, 1 << 4, 0x100}));
  const size_t lost = builder.file().size();
  builder.Add(HL_SECTION_NODES, 2, Varints({2, 1 << 4, 0x200, 1 << 4, 0x300}));
  builder.Add(HL_SECTION_NODES, 1, Varints({4, 3 << 4, 0x400}));
  builder.Add(HL_SECTION_BLOCKS, 2, Varints({1, 10, 3, 0, 1, 20, 4, 0})).End();
  std::string file = builder.file();
  file[lost + sizeof(HlSectionHeader)] ^= 1;
  const Snapshot snapshot = MustRead(file);
  ExpectInvariants(snapshot);
  ASSERT_EQ(snapshot.nodes.size(), 5u);
  EXPECT_EQ(snapshot.nodes.kind[3], HL_NODE_SPECIAL);
  EXPECT_EQ(snapshot.nodes.address[3], HL_SPECIAL_UNKNOWN);
  EXPECT_EQ(Index(snapshot.nodes.parent[4]), 1u);
  EXPECT_EQ(Index(snapshot.blocks.node[0]), 3u);
  EXPECT_THAT(DamageOf(file),
              HasSubstr("call-tree nodes: 2 are missing: shown as unknown"));
}

TEST(Damage, BehindTheEndIsSaid) {
  const std::string file = FileOf("property pid 1\n") + "tail";
  EXPECT_EQ(DamageOf(file), "4 bytes behind the end section are left out");
}

TEST(Damage, IsWrongTotals) {
  const std::string file = FileOf(
      "property live_bytes 100\nproperty live_count 1\n"
      "block 0x10 size=99\n");
  EXPECT_THAT(DamageOf(file), HasSubstr("add up to 99 bytes in 1 block"));
  // Where blocks are left out on purpose nothing can be said.
  EXPECT_EQ(DamageOf(FileOf("property live_bytes 100\nproperty complete 0\n")),
            "");
  EXPECT_EQ(DamageOf(FileOf("property live_bytes 100\n"
                            "property sample_mean_bytes 4096\n")),
            "");
}

TEST(Damage, ASnapshotOfWhichNothingIsLeftCanBeWrittenAndReadAgain) {
  Snapshot snapshot = SnapshotOf("");
  snapshot.damage.push_back("all of it is lost");
  const Snapshot again = MustRead(EncodeSnapshot(snapshot));
  EXPECT_FALSE(again.is_whole());
}

}  // namespace
}  // namespace heapline
