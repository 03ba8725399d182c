// The text form: both ways, and what it says of a mistake.
#include "analyzer/snapshot/text_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TextForm, WritesWhatItReads) {
  const absl::StatusOr<Snapshot> snapshot = ParseTextForm(kEveryKind, "t");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(WriteTextForm(*snapshot), kEveryKind);
}

TEST(TextForm, GoesThroughTheBinaryFormWithoutLoss) {
  const absl::StatusOr<Snapshot> snapshot = ParseTextForm(kEveryKind, "t");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const std::string file = EncodeSnapshot(*snapshot);
  const Snapshot read = MustRead(file);
  EXPECT_EQ(DamageOf(file), "");
  EXPECT_EQ(WriteTextForm(read), kEveryKind);
  EXPECT_EQ(EncodeSnapshot(read), file);
}

TEST(TextForm, KeepsADamagedSnapshotDamaged) {
  const std::string file = FileOf("property pid 1\nproperty pause_us 7\n");
  const Snapshot cut = MustRead(file.substr(0, file.size() - 1));
  ASSERT_FALSE(cut.is_whole());
  const absl::StatusOr<Snapshot> again =
      ParseTextForm(WriteTextForm(cut), "again");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->damage, cut.damage);
  EXPECT_FALSE(MustRead(EncodeSnapshot(*again)).is_whole());
}

TEST(TextForm, TakesHandwriting) {
  const Snapshot snapshot = SnapshotOf(R"(
# Blocks in any order, texts without quotes, numbers in both bases.
  property program app
block 0x20 size=0x10 node=30
block 0x10 size=1 node=30

node 30 parent=20 return 4096 at=a.cc:3 function=F module=app   # gaps are fine
node 20 return 0x500
symbol 30 inlined function=G at=b.h:9
)");
  EXPECT_EQ(TextOf(snapshot, PropertyId::program), "app");
  EXPECT_THAT(snapshot.blocks.address, ElementsAre(0x10, 0x20));
  EXPECT_THAT(snapshot.blocks.requested_bytes, ElementsAre(1, 16));
  ASSERT_EQ(snapshot.nodes.size(), 31u);
  EXPECT_EQ(Index(snapshot.nodes.parent[30]), 20u);
  EXPECT_EQ(snapshot.nodes.kind[5], HL_NODE_SPECIAL);
  EXPECT_EQ(snapshot.nodes.address[5], HL_SPECIAL_UNKNOWN);
  // What is inlined is further in and stands first.
  ASSERT_EQ(snapshot.symbols.size(), 2u);
  EXPECT_EQ(snapshot.symbols[0].function, "G");
  EXPECT_TRUE(snapshot.symbols[0].is_inlined);
  EXPECT_EQ(snapshot.symbols[1].file, "a.cc");
  EXPECT_EQ(snapshot.symbols[1].line, 3u);
}

TEST(TextForm, TakesTheGraphInAnyOrder) {
  const Snapshot snapshot = SnapshotOf(R"(
edge 0x40 +0 0x10
edge 0x20 +16 0x20 +8   # decimal too
edge 0x20 +8 0x40
word 0x40 1 counts 2 3
word 0x40 0 module 0x1000
type-name 0x2000 b
type-name 0x1000 a
)");
  std::vector<uint64_t> offsets;
  for (EdgeCursor cursor(snapshot.edges); cursor.Next();) {
    offsets.push_back(cursor.edge().from + cursor.edge().offset);
  }
  EXPECT_THAT(offsets, ElementsAre(0x28, 0x30, 0x40));
  EXPECT_THAT(snapshot.object_words.index, ElementsAre(0, 1));
  EXPECT_THAT(snapshot.object_words.value,
              ElementsAre(0x1000, uint64_t{3} << 32 | 2));
  ASSERT_EQ(snapshot.type_names.size(), 2u);
  EXPECT_EQ(snapshot.type_names[0].name, "a");
}

TEST(TextForm, ToleratesCarriageReturns) {
  const absl::StatusOr<Snapshot> snapshot =
      ParseTextForm("heapline-text 1\r\nproperty pid 5\r\n", "t");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(NumberOf(*snapshot, PropertyId::pid), 5u);
}

struct Mistake {
  const char* lines;  // behind the magic line
  const char* expected;
};

class TextFormMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(TextFormMistakes, AreToldByLineAndExpectation) {
  const absl::StatusOr<Snapshot> snapshot = ParseTextForm(
      absl::StrCat("heapline-text 1\n", GetParam().lines), "t.txt");
  ASSERT_FALSE(snapshot.ok());
  EXPECT_THAT(std::string(snapshot.status().message()),
              HasSubstr(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TextFormMistakes,
    testing::Values(
        Mistake{"blok 0x10 size=1\n",
                "t.txt:2: expected the kind of a line "
                "(block?), found \"blok\""},
        Mistake{"\n# x\nproperty live_byte 3\n",
                "t.txt:4: expected the name of a property (live_bytes?)"},
        Mistake{"property pid app\n", "the property's value"},
        Mistake{"property pid\n", "found the end of the line"},
        Mistake{"property pid 99999999999999999999\n", "a number, at most"},
        Mistake{"property program \"app\n", "a closing double quote"},
        Mistake{"property program \"\\q\"\n", "behind a backslash"},
        Mistake{"property pid 5 6\n", "nothing more"},
        Mistake{"block 0x18 size=1\n", "a multiple of 16"},
        Mistake{"block 0x10 size=1 node=7\n", "the id of a node line"},
        Mistake{"block 0x10 size=1 epoch=65536\n", "at most 65535"},
        Mistake{"block 0x10 size=-1\n", "size= and a number"},
        Mistake{"block 0x10 sise=1\n", "nothing more"},
        Mistake{"block 0x10 size=1\nblock 0x10 size=2\n", "two block lines"},
        Mistake{"node 0 return 0x1\n", "an id above 0"},
        Mistake{"node 1 parent=1 return 0x1\n", "a parent smaller"},
        Mistake{"node 1 return 0x1\nnode 1 return 0x2\n", "no line above has"},
        Mistake{"node 1 returns 0x1\n", "one of return, instruction"},
        Mistake{"node 1 return\n", "the node's address"},
        Mistake{"node 60000000 return 0x1\n", "the node's id"},
        Mistake{"node 1 special nowhere\n", "one of root, no-stack"},
        Mistake{"module 0x2 0x1 x\n", "an end behind the start"},
        Mistake{"module 0x1 0x2 build-id=abc x\n", "hexadecimal bytes"},
        Mistake{"module 0x1 0x2 flags=shiny x\n", "some of: unloaded"},
        Mistake{"module 0x1 0x2 bias=0x8000000000000000 x\n", "bias="},
        Mistake{"hex 00\n", "a section line before"},
        Mistake{"section 99 records=1\nhex 0\n", "hexadecimal bytes"},
        Mistake{"section 12 records=1\n", "without lines of its own"},
        Mistake{"root local 0 0x8 0x10\n", "one of global, tls, thread"},
        Mistake{"root global 4294967296 0x8 0x10\n", "the thread's id, or 0"},
        Mistake{"root global 0 0x8 0x18\n", "a multiple of 16"},
        Mistake{"root global 0 0x8 0x10 8\n", "+ and a number"},
        Mistake{"edge 0x10 8 0x20\n", "the word's offset (+ and a number"},
        Mistake{"edge 0x10 +4 0x20\n", "a multiple of 8"},
        Mistake{"edge 0x10 +8\n", "found the end of the line"},
        Mistake{"edge 0x10 +8 0x200000000000000\n", "the block's address"},
        Mistake{"edge 0x10 +8 0x20\nedge 0x10 +8 0x30\n",
                "two edge lines for 0x10 +0x8"},
        Mistake{"word 0x10 8 counts 1 1\n", "the word's index"},
        Mistake{"word 0x10 0 block 0x20\n", "one of module, counts"},
        Mistake{"word 0x10 0 counts 1048576 0\n", "the low half"},
        Mistake{"word 0x10 0 counts 1 1\nword 0x10 0 module 0x8\n",
                "two word lines for 0x10 0"},
        Mistake{"type-name 0x8 a\ntype-name 0x8 b\n",
                "two type-name lines for 0x8"},
        Mistake{"root-area stack 7 0x10 8 unreadable\n",
                "the unreadable bytes"},
        Mistake{"section 7 records=1\n", "without lines of its own"}));

}  // namespace
}  // namespace heapline
