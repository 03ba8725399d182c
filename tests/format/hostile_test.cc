// Files made to hurt: numbers out of range, claims that nothing backs, bombs.
// Every checksum here holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zstd.h>

#include <cstring>

#include "analyzer/snapshot/section_scan.h"
#include "analyzer/snapshot/sections.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_form.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kHuge = UINT64_MAX;

std::string OneSection(uint32_t id, uint64_t records,
                       const std::string& payload) {
  return FileBuilder().Add(id, records, payload).End().file();
}

std::string ZstdFile(const std::string& stored, uint64_t plain_bytes,
                     uint64_t records, int copies) {
  HlSectionHeader header;
  std::memset(&header, 0, sizeof header);
  header.id = HL_SECTION_BLOCKS;
  header.encoding = HL_ENCODING_ZSTD;
  header.stored_bytes = stored.size();
  header.plain_bytes = plain_bytes;
  header.record_count = records;
  FileBuilder builder;
  for (int i = 0; i < copies; ++i) builder.AddWithHeader(header, stored);
  return builder.End().file();
}

std::string Zstd(const std::string& plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(
      ZSTD_compress(&packed[0], packed.size(), plain.data(), plain.size(), 1));
  return packed;
}

TEST(Hostile, CountsAreBelievedOnlyAsFarAsTheBytesGo) {
  for (const SectionKind& kind : SectionKinds()) {
    SCOPED_TRACE(kind.name);
    for (const uint64_t count : {uint64_t{3}, uint64_t{1} << 40, kHuge}) {
      const Snapshot snapshot =
          MustRead(OneSection(kind.id, count, Varints({1, 0})));
      EXPECT_FALSE(snapshot.is_whole());
    }
  }
}

TEST(Hostile, RecordsThatEndTooEarlyKeepThoseBefore) {
  const std::string file =
      OneSection(HL_SECTION_BLOCKS, 2, Varints({1, 10, 0, 0, 1, 20}) + "\xff");
  EXPECT_THAT(MustRead(file).blocks.requested_bytes, ElementsAre(10));
  EXPECT_THAT(DamageOf(file), HasSubstr("holds 1 of its 2 records"));
}

TEST(Hostile, TextsLongerThanThePayloadAreMalformed) {
  const uint64_t label = static_cast<uint64_t>(PropertyId::label) << 1 | 1;
  EXPECT_THAT(
      DamageOf(OneSection(HL_SECTION_PROPERTIES, 1, Varints({label, kHuge}))),
      HasSubstr("malformed"));
  EXPECT_THAT(DamageOf(OneSection(HL_SECTION_PROPERTIES, 1,
                                  Varints({label, 6}) + "short")),
              HasSubstr("malformed"));
}

TEST(Hostile, PropertiesOfTheWrongKindAreLeftOut) {
  const uint64_t live_bytes = static_cast<uint64_t>(PropertyId::live_bytes);
  const std::string file = OneSection(HL_SECTION_PROPERTIES, 1,
                                      Varints({live_bytes << 1 | 1, 1}) + "7");
  EXPECT_THAT(MustRead(file).properties, IsEmpty());
  EXPECT_THAT(DamageOf(file), HasSubstr("a number for a text"));
}

TEST(Hostile, BlocksOutOfRangeAreLeftOut) {
  struct {
    const char* what;
    std::string payload;
  } const rows[] = {
      {"address too high", Varints({kMostGranule + 1, 1, 0, 0})},
      {"address far too high", Varints({kHuge, 1, 0, 0})},
      {"end too high", Varints({kMostGranule, 17, 0, 0})},
      {"size too large", Varints({1, kHuge, 0, 0})},
      {"epoch too large", Varints({1, 1, 0, 65536})},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const std::string file = OneSection(HL_SECTION_BLOCKS, 1, row.payload);
    EXPECT_EQ(MustRead(file).blocks.size(), 0u);
    EXPECT_THAT(DamageOf(file), HasSubstr("blocks: 1 have an impossible"));
  }
}

TEST(Hostile, BlocksThatDoNotAscendAreLeftOut) {
  const std::string file =
      FileBuilder()
          .Add(HL_SECTION_BLOCKS, 2, Varints({5, 10, 0, 0, 0, 20, 0, 0}))
          .Add(HL_SECTION_BLOCKS, 2, Varints({5, 30, 0, 0, 4, 40, 0, 0}))
          .End()
          .file();
  EXPECT_THAT(MustRead(file).blocks.requested_bytes, ElementsAre(10, 40));
  EXPECT_THAT(DamageOf(file), HasSubstr("2 have an impossible"));
}

TEST(Hostile, SumsOfBlocksCannotOverflow) {
  std::string payload;
  for (int i = 0; i < 100; ++i) {
    payload += Varints({1, HL_MAX_ADDRESS - 4096, 0, 0});
  }
  const Snapshot snapshot =
      MustRead(OneSection(HL_SECTION_BLOCKS, 100, payload));
  uint64_t sum = 0;
  for (const uint64_t bytes : snapshot.blocks.requested_bytes) {
    ASSERT_LE(bytes, kMaxTotal - sum);
    sum += bytes;
  }
  EXPECT_FALSE(snapshot.is_whole());
}

TEST(Hostile, SumsOfCountersCannotOverflow) {
  const Snapshot snapshot = MustRead(OneSection(
      HL_SECTION_COUNTERS, 2, Varints({0, kHuge, 1, 1, 0, 5, 6, 7})));
  EXPECT_THAT(snapshot.counters.total_count, ElementsAre(5));
  EXPECT_FALSE(snapshot.is_whole());
}

TEST(Hostile, TotalsThatNoProcessCanHaveAreLeftOut) {
  // live_bytes and total_bytes, one above the limit each.
  std::string payload;
  for (const PropertyId id :
       {PropertyId::live_bytes, PropertyId::total_bytes, PropertyId::pid}) {
    payload +=
        Varints({uint64_t{static_cast<uint32_t>(id)} << 1, kMaxTotal + 1});
  }
  const std::string file = OneSection(HL_SECTION_PROPERTIES, 3, payload);
  const Snapshot snapshot = MustRead(file);
  EXPECT_EQ(NumberOf(snapshot, PropertyId::live_bytes, 7), 7u);
  EXPECT_EQ(NumberOf(snapshot, PropertyId::total_bytes, 7), 7u);
  EXPECT_EQ(NumberOf(snapshot, PropertyId::pid), kMaxTotal + 1);
  EXPECT_THAT(DamageOf(file), HasSubstr("2 are impossibly large"));
  EXPECT_FALSE(ParseTextForm("heapline-text 1\nproperty live_bytes "
                             "2305843009213693953\n",
                             "test")
                   .ok());
}

TEST(Hostile, NodesOutOfRangeAreShownAsUnknown) {
  const std::string file =
      FileBuilder()
          .Add(HL_SECTION_NODES, 1, Varints({1, 1 << 4, 0x20}))
          .Add(HL_SECTION_BLOCKS, 2, Varints({1, 10, 1, 0, 1, 20, kHuge, 0}))
          .Add(HL_SECTION_COUNTERS, 1, Varints({900, 3, 30, 0}))
          .Add(HL_SECTION_THREADS, 1, Varints({7, 0, 2, 0, 0, 0}))
          .Add(HL_SECTION_LABELS, 1, Varints({2, 0, 0}))
          .Add(HL_SECTION_SYMBOLS, 1, Varints({2, 0, 0, 0, 0, 0}))
          .End()
          .file();
  const Snapshot snapshot = MustRead(file);
  ASSERT_EQ(snapshot.nodes.size(), 3u);
  EXPECT_EQ(snapshot.nodes.kind[2], HL_NODE_SPECIAL);
  EXPECT_EQ(snapshot.nodes.address[2], HL_SPECIAL_UNKNOWN);
  EXPECT_THAT(snapshot.blocks.node, ElementsAre(NodeId{1}, NodeId{2}));
  EXPECT_THAT(snapshot.counters.total_bytes, ElementsAre(0, 0, 30));
  EXPECT_EQ(Index(snapshot.threads.at(0).node), 2u);
  EXPECT_THAT(snapshot.labels, IsEmpty());
  EXPECT_THAT(snapshot.symbols, IsEmpty());
  EXPECT_THAT(DamageOf(file), HasSubstr("3 records name a call-tree node"));
}

TEST(Hostile, ParentsAreAlwaysSmaller) {
  // Itself, one far above the root, and an unknown kind.
  const std::string file = OneSection(
      HL_SECTION_NODES, 3, Varints({1, 0 << 4, 0, 5 << 4, 0, 1 << 4 | 7, 0}));
  const Snapshot snapshot = MustRead(file);
  ASSERT_EQ(snapshot.nodes.size(), 4u);
  for (size_t id = 1; id < 4; ++id) {
    EXPECT_EQ(Index(snapshot.nodes.parent[id]), 0u);
    EXPECT_EQ(snapshot.nodes.kind[id], HL_NODE_SPECIAL);
  }
  EXPECT_THAT(DamageOf(file), HasSubstr("3 have an impossible parent"));
}

TEST(Hostile, FarNodeIdsCostNoMemory) {
  for (const uint64_t first :
       {uint64_t{1} << 25, uint64_t{UINT32_MAX}, kHuge}) {
    const std::string file =
        OneSection(HL_SECTION_NODES, 1, Varints({first, 1 << 4, 0}));
    EXPECT_LT(MustRead(file).nodes.size(), 4096u);
    EXPECT_THAT(DamageOf(file), HasSubstr("holds 0 of its 1 records"));
  }
}

TEST(Hostile, ANodeDefinedTwiceKeepsItsFirstMeaning) {
  const std::string file =
      FileBuilder()
          .Add(HL_SECTION_NODES, 1, Varints({1, 1 << 4, 0x20}))
          .Add(HL_SECTION_NODES, 1, Varints({1, 1 << 4, 0x40}))
          .End()
          .file();
  EXPECT_EQ(MustRead(file).nodes.address[1], 0x10u);
  EXPECT_THAT(DamageOf(file), HasSubstr("stand in the file twice"));
}

TEST(Hostile, RangesThatWrapAreLeftOut) {
  EXPECT_THAT(MustRead(OneSection(HL_SECTION_MODULES, 1,
                                  Varints({16, kHuge, 0, 0, 0, 0, 0})))
                  .modules,
              IsEmpty());
  EXPECT_THAT(
      MustRead(OneSection(HL_SECTION_ROOT_REGIONS, 1, Varints({16, kHuge})))
          .root_regions,
      IsEmpty());
}

TEST(Hostile, SectionsLargerThanTheLimitAreRefused) {
  HlSectionHeader header;
  std::memset(&header, 0, sizeof header);
  header.id = HL_SECTION_BLOCKS;
  const std::string payload(HL_MAX_SECTION_BYTES + 1, '\1');
  header.stored_bytes = payload.size();
  header.plain_bytes = payload.size();
  const Snapshot snapshot = MustRead(
      FileBuilder().Add(77, 0, "").AddWithHeader(header, payload).End().file());
  EXPECT_EQ(snapshot.blocks.size(), 0u);
  EXPECT_FALSE(snapshot.is_whole());
}

TEST(Hostile, APackedSectionThatUnpacksToAnotherSizeIsLeftOut) {
  const std::string plain = Varints({1, 10, 0, 0});
  for (const uint64_t claimed : {plain.size() - 1, plain.size() + 1}) {
    const std::string file = ZstdFile(Zstd(plain), claimed, 1, 1);
    EXPECT_THAT(DamageOf(file), HasSubstr("cannot be unpacked: 1 records"));
  }
  EXPECT_EQ(DamageOf(ZstdFile(Zstd(plain), plain.size(), 1, 1)), "");
}

TEST(Hostile, ABombIsRefusedByItsRatio) {
  const std::string stored = Zstd(std::string(HL_MAX_SECTION_BYTES, '\1'));
  ASSERT_GT(HL_MAX_SECTION_BYTES / stored.size(), HL_MAX_COMPRESSION_RATIO);
  const std::string file = FileBuilder().Add(77, 0, "").file() +
                           ZstdFile(stored, HL_MAX_SECTION_BYTES, 1 << 20, 1)
                               .substr(sizeof(HlFileHeader));
  const Snapshot snapshot = MustRead(file);
  EXPECT_EQ(snapshot.blocks.size(), 0u);
  EXPECT_FALSE(snapshot.is_whole());
}

TEST(Hostile, ManySmallBombsShareOneBudget) {
  // Each within the ratio: padded as the packer pads.
  std::string stored = Zstd(std::string(HL_MAX_SECTION_BYTES, '\1'));
  const size_t frame =
      HL_MAX_SECTION_BYTES / HL_MAX_COMPRESSION_RATIO - stored.size();
  stored += "\x50\x2a\x4d\x18";
  for (int shift = 0; shift < 32; shift += 8) {
    stored.push_back(static_cast<char>((frame - 8) >> shift & 0xff));
  }
  stored.append(frame - 8, '\0');
  const uint64_t records = HL_MAX_SECTION_BYTES / 4;
  const std::string file = ZstdFile(stored, HL_MAX_SECTION_BYTES, records, 400);

  struct rusage before;
  getrusage(RUSAGE_SELF, &before);
  const Snapshot snapshot = MustRead(file);
  struct rusage after;
  getrusage(RUSAGE_SELF, &after);
  EXPECT_THAT(DamageOf(file), HasSubstr("more than the file's size allows"));
  // 400 sections of 4 MiB are 1.6 GiB; the file is 1.6 MiB.
  const uint64_t grown_bytes =
      static_cast<uint64_t>(after.ru_maxrss - before.ru_maxrss) * 1024;
  EXPECT_LT(grown_bytes, PlainBytesBudget(file.size()) * 10);
  EXPECT_LE(snapshot.blocks.size(), PlainBytesBudget(file.size()) / 4);
}

TEST(Hostile, LookingForSoundSectionsEndsInTime) {
  // Every offset looks like a header of a section as long as allowed.
  std::string file = FileBuilder().Add(77, 0, "").file();
  std::string header(sizeof(HlSectionHeader), '\0');
  header[0] = 1;
  header[10] = 0x3f;
  header[18] = 0x3f;
  while (file.size() < 24 << 20) file += header;
  const Snapshot snapshot = MustRead(file);
  EXPECT_FALSE(snapshot.is_whole());
}

}  // namespace
}  // namespace heapline
