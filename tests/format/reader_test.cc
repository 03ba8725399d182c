// The reader: what it reads, what it refuses and how it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_form.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Reader, ReadsBothFormsFromDisk) {
  const TestDirectory directory;
  const std::string binary = directory.Write("a.hl", EncodedEveryKind());
  const std::string text = directory.Write("a.txt", kEveryKind);
  const absl::StatusOr<Snapshot> first = TryReadSnapshot(binary);
  const absl::StatusOr<Snapshot> second = TryReadSnapshot(text);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(WriteTextForm(*first), WriteTextForm(*second));
  EXPECT_EQ(first->file, binary);
  EXPECT_TRUE(first->is_whole());
}

TEST(Reader, TakesPropertiesAlone) {
  const TestDirectory directory;
  const std::string path = directory.Write("a.hl", EncodedEveryKind());
  const absl::StatusOr<Snapshot> facts = TryReadProperties(path);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(NumberOf(*facts, PropertyId::pid), 4711u);
  EXPECT_EQ(NumberOf(*facts, PropertyId::pause_us), 120u);  // end section
  EXPECT_EQ(facts->blocks.size(), 0u);
}

TEST(Reader, LetsLaterPropertiesWin) {
  const uint64_t sequence = static_cast<uint64_t>(PropertyId::sequence) << 1;
  const std::string file =
      FileBuilder()
          .Add(HL_SECTION_PROPERTIES, 1, Varints({sequence, 3}))
          .Add(HL_SECTION_END, 1, Varints({sequence, 4}))
          .file();
  EXPECT_EQ(NumberOf(MustRead(file), PropertyId::sequence), 4u);
  EXPECT_EQ(DamageOf(file), "");
}

TEST(Reader, ReadsSectionsInAnyOrderAndNumber) {
  const std::string file =
      FileBuilder()
          .Add(HL_SECTION_BLOCKS, 1, Varints({1, 10, 2, 0}))
          .Add(HL_SECTION_NODES, 1, Varints({2, 1 << 4, 0x40}))
          .Add(HL_SECTION_BLOCKS, 1, Varints({9, 20, 1, 0}))
          .Add(HL_SECTION_NODES, 1, Varints({1, 1 << 4, 0x20}))
          .End()
          .file();
  const Snapshot snapshot = MustRead(file);
  EXPECT_EQ(DamageOf(file), "");
  EXPECT_THAT(snapshot.blocks.address, ElementsAre(0x10, 0x90));
  EXPECT_THAT(snapshot.nodes.address, ElementsAre(0, 0x10, 0x20));
}

TEST(Reader, KeepsSectionsItDoesNotKnow) {
  const std::string file = FileBuilder().Add(4711, 3, "anything").End().file();
  const Snapshot snapshot = MustRead(file);
  EXPECT_EQ(DamageOf(file), "");
  ASSERT_EQ(snapshot.opaque_sections.size(), 1u);
  EXPECT_EQ(snapshot.opaque_sections[0].id, 4711u);
  EXPECT_EQ(snapshot.opaque_sections[0].record_count, 3u);
  EXPECT_EQ(snapshot.opaque_sections[0].bytes, "anything");
}

TEST(Reader, SkipsAnEncodingItDoesNotKnow) {
  HlSectionHeader header = {};
  header.id = HL_SECTION_BLOCKS;
  header.encoding = 9;
  header.stored_bytes = 4;
  header.plain_bytes = 400;
  header.record_count = 100;
  const std::string file =
      FileBuilder().AddWithHeader(header, "abcd").End().file();
  EXPECT_THAT(DamageOf(file), HasSubstr("100 records left out"));
}

TEST(Reader, NamesAFutureVersionAndTheRemedy) {
  const std::string error = ErrorOf(FileHeader(2) + "anything");
  EXPECT_THAT(error,
              HasSubstr("version 2, this heapline reads up to version 1"));
  EXPECT_THAT(error, HasSubstr("use the heapline that wrote it"));
}

TEST(Reader, RefusesAFileWithoutASoundSection) {
  EXPECT_THAT(ErrorOf(FileHeader(1)), HasSubstr("no undamaged section"));
  EXPECT_THAT(ErrorOf(FileHeader(1) + std::string(500, 'x')),
              HasSubstr("no undamaged section"));
}

TEST(Reader, SaysWhatAFileLooksLike) {
  using std::string_literals::operator""s;
  struct {
    std::string bytes;
    const char* expected;
  } const rows[] = {
      {"", "an empty file"},
      {"\x7f", "the first few bytes of one"},
      {"\x7fHLSNAP\r\nxxxx", "copied in text mode"},
      {"\x7f"
       "ELF\2\1\1" +
           std::string(9, '\0') + "\3",
       "an ELF program"},
      {"\x7f"
       "ELF\2\1\1" +
           std::string(9, '\0') + "\4",
       "an ELF core dump"},
      {"\x28\xb5\x2f\xfdxxxx", "heaptrack"},
      {"\x1f\x8b\x08", "gzip"},
      {"v 10400 3\nX ls\n", "a heaptrack file"},
      {"desc: --x\ncmd: ls\n", "a massif file"},
      {"heapline-text 2\n", "a text form of another version"},
      {"#!/bin/sh\n", "a script"},
      {"{\"schema\": 1}", "a JSON file"},
      {"hello\nworld\n", "a text file"},
      {std::string(100, '\0'), "a file of zeros"},
      {"\1\2\3\4"s, "binary data"},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(ErrorOf(row.bytes), HasSubstr(row.expected));
  }
}

TEST(Reader, OpensRegularFilesOnly) {
  const TestDirectory directory;
  const std::string fifo = directory.path() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(std::string(TryReadSnapshot(fifo).status().message()),
              HasSubstr("it is a FIFO"));
  EXPECT_THAT(std::string(TryReadSnapshot("/dev/zero").status().message()),
              HasSubstr("it is a device"));
  EXPECT_THAT(std::string(TryReadSnapshot(directory.path()).status().message()),
              HasSubstr("it is a directory"));
  EXPECT_THAT(std::string(TryReadSnapshot("/nowhere/a.hl").status().message()),
              HasSubstr("No such file"));
}

TEST(Reader, EncodesLargeSnapshotsInManySections) {
  Snapshot snapshot = SnapshotOf("node 1 return 0x1000\n");
  constexpr size_t kBlocks = 700000;
  for (size_t i = 1; i <= kBlocks; ++i) {
    snapshot.blocks.address.push_back(i * 48);
    snapshot.blocks.requested_bytes.push_back(40);
    snapshot.blocks.node.push_back(NodeId{1});
    snapshot.blocks.epoch.push_back(static_cast<uint16_t>(i / 100));
  }
  const std::string file = EncodeSnapshot(snapshot);
  const Snapshot read = MustRead(file);
  EXPECT_EQ(DamageOf(file), "");
  EXPECT_EQ(read.blocks.address, snapshot.blocks.address);
  EXPECT_EQ(read.blocks.epoch, snapshot.blocks.epoch);
}

TEST(Snapshot, FindsContainersOfPoolBlocks) {
  const Snapshot snapshot = SnapshotOf(R"(
block 0x100 size=64
block 0x200 size=64
block 0x300 size=64
pool-block 0xf0 size=8
pool-block 0x200 size=8
pool-block 0x230 size=8
pool-block 0x240 size=8
pool-block 0x330 size=8
)");
  EXPECT_THAT(ContainerBlocks(snapshot), ElementsAre(1, 2));
}

TEST(Reader, FindsEveryPropertyByItsIdAndName) {
  for (const PropertyRow& row : PropertyTable()) {
    EXPECT_EQ(FindPropertyById(row.id), &row) << row.name;
    EXPECT_EQ(FindPropertyByName(row.name), &row) << row.name;
  }
}

}  // namespace
}  // namespace heapline
