// However a file lies, reading it takes memory in proportion to its size: each
// is read by a child that may map so much more and no more (RLIMIT_AS).
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/section_scan.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

// Bytes of memory for a byte of decoded payload, at most: two bytes make a
// call-tree node of 41, in columns that are copied as they grow.
constexpr uint64_t kMemoryPerPlainByte = 64;

uint64_t MappedBytes() {
  unsigned long pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  EXPECT_NE(file, nullptr);
  EXPECT_EQ(std::fscanf(file, "%lu", &pages), 1);
  std::fclose(file);
  return uint64_t{pages} * 4096;
}

enum Outcome { kRead = 0, kRefused = 1, kNoLimit = 2, kOther = 3 };

// An allocation that fails is an exception that leaves here: it ends the child.
[[noreturn]] void ReadAndExit(const std::string& file,
                              uint64_t bytes) noexcept {
  struct rlimit limit;
  limit.rlim_cur = limit.rlim_max = MappedBytes() + bytes;
  if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(kNoLimit);
  _exit(TryParseSnapshot(Bytes(file), "test").ok() ? kRead : kRefused);
}

// Reads `file` in a child with `bytes` of memory more than there is now.
Outcome ReadWithin(const std::string& file, uint64_t bytes) {
  const pid_t child = fork();
  if (child == 0) ReadAndExit(file, bytes);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? static_cast<Outcome>(WEXITSTATUS(status)) : kOther;
}

std::string Repeated(const std::string& record, size_t bytes) {
  std::string payload;
  while (payload.size() + record.size() <= bytes) payload += record;
  return payload;
}

// `copies` packed sections of `plain`, each padded as the packer pads.
std::string Bomb(uint32_t id, const std::string& plain, uint64_t records,
                 int copies) {
  std::string stored(ZSTD_compressBound(plain.size()), '\0');
  stored.resize(
      ZSTD_compress(&stored[0], stored.size(), plain.data(), plain.size(), 3));
  const size_t least = plain.size() / HL_MAX_COMPRESSION_RATIO + 8;
  if (stored.size() < least) {
    const size_t frame = least - stored.size();
    stored += "\x50\x2a\x4d\x18";
    for (int shift = 0; shift < 32; shift += 8) {
      stored.push_back(static_cast<char>(frame >> shift & 0xff));
    }
    stored.append(frame, '\0');
  }
  HlSectionHeader header;
  std::memset(&header, 0, sizeof header);
  header.id = id;
  header.encoding = HL_ENCODING_ZSTD;
  header.stored_bytes = stored.size();
  header.plain_bytes = plain.size();
  header.record_count = records;
  FileBuilder builder;
  for (int i = 0; i < copies; ++i) builder.AddWithHeader(header, stored);
  return builder.End().file();
}

void ExpectBounded(const std::string& what, const std::string& file) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "ASan maps terabytes";
#endif
  const uint64_t bound = PlainBytesBudget(file.size()) * kMemoryPerPlainByte;
  EXPECT_EQ(ReadWithin(file, bound), kRead) << what << ", " << file.size();
}

TEST(MemoryBound, CountsThatLieTakeNothing) {
  for (uint32_t id = HL_SECTION_PROPERTIES; id <= HL_SECTION_WEAK_EDGES; ++id) {
    for (const uint64_t records : {uint64_t{1} << 32, UINT64_MAX}) {
      ExpectBounded(
          absl::StrCat("section ", id),
          FileBuilder().Add(id, records, Varints({1, 1, 1, 1})).End().file());
    }
  }
}

TEST(MemoryBound, LengthsOfTextsThatLieTakeNothing) {
  ExpectBounded("module", FileBuilder()
                              .Add(HL_SECTION_MODULES, 1,
                                   Varints({1, 1, 0, 0, 0, 200, UINT64_MAX}))
                              .End()
                              .file());
}

TEST(MemoryBound, PackedSectionsThatUnpackToMuchAreWithinTheirBudget) {
  const size_t most = HL_MAX_SECTION_BYTES;
  const struct {
    const char* what;
    uint32_t id;
    std::string plain;
    size_t record_bytes;
  } rows[] = {
      {"nodes", HL_SECTION_NODES,
       "\1" + Repeated(std::string("\x10\0", 2), most - 1), 2},
      {"blocks", HL_SECTION_BLOCKS, Repeated(std::string("\1\1\0\0", 4), most),
       4},
      {"labels", HL_SECTION_LABELS, Repeated(std::string(3, '\0'), most), 3},
      {"symbols", HL_SECTION_SYMBOLS, Repeated(std::string(6, '\0'), most), 6},
      {"modules", HL_SECTION_MODULES, Repeated(std::string(7, '\0'), most), 7},
      {"threads", HL_SECTION_THREADS, Repeated(std::string(6, '\0'), most), 6},
      {"epochs", HL_SECTION_EPOCHS, Repeated(std::string(3, '\0'), most), 3},
      {"dead", HL_SECTION_EXPECTED_DEAD, Repeated(std::string(2, '\0'), most),
       2},
      {"roots", HL_SECTION_ROOTS, Repeated(std::string(5, '\0'), most), 5},
      {"edges", HL_SECTION_EDGES,
       std::string("\6\1\0", 3) + Repeated(std::string("\4\0", 2), most - 3),
       2},
      {"weak edges", HL_SECTION_WEAK_EDGES,
       std::string("\6\1\0", 3) + Repeated(std::string("\4\0", 2), most - 3),
       2},
      {"words", HL_SECTION_OBJECT_WORDS,
       Repeated(std::string("\5\1\0", 3), most), 3},
      {"types", HL_SECTION_TYPE_NAMES, Repeated(std::string(2, '\0'), most), 2},
      {"areas", HL_SECTION_ROOT_AREAS, Repeated(std::string(5, '\0'), most), 5},
      {"unknown", 77, std::string(most, '\7'), 1},
  };
  for (const auto& row : rows) {
    // More than the budget of a file so small.
    ExpectBounded(row.what, Bomb(row.id, row.plain,
                                 row.plain.size() / row.record_bytes, 5));
  }
}

// That the limit is one: with less than the file needs, reading fails.
TEST(MemoryBound, IsMeasured) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "ASan maps terabytes";
#endif
  const std::string file =
      Bomb(HL_SECTION_BLOCKS,
           Repeated(std::string("\1\1\0\0", 4), HL_MAX_SECTION_BYTES),
           HL_MAX_SECTION_BYTES / 4, 4);
  EXPECT_EQ(ReadWithin(file, 1 << 20), kOther);
}

}  // namespace
}  // namespace heapline
