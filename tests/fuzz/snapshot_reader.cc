// Fuzzes the snapshot reader with whole files, and everything that reports do
// with what it let through. Mutations keep checksums right three times of four
// (section_mutator.h).
//
// Promises: a file is refused with an error that can be printed, or gives a
// snapshot that keeps the invariants of snapshot.h; memory is bounded by the
// file's size; rows sum to the total, the total is the tracer's own; nothing
// of a name reaches a terminal or breaks JSON; writing what was read and
// reading it again gives the same.
#include "analyzer/snapshot/snapshot_reader.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analyzer/snapshot/section_scan.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/report_checks.h"
#include "tests/fuzz/section_mutator.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t capacity);

namespace heapline {
namespace {

// What varies from run to run, taken from the input itself.
uint32_t HashOf(const uint8_t* data, size_t size) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; ++i) hash = (hash ^ data[i]) * 16777619u;
  return hash;
}

HeapRowOptions OptionsOf(uint32_t hash) {
  HeapRowOptions options;
  options.key = static_cast<Key>(hash % 7);
  options.sort = static_cast<SortBy>(hash / 7 % 4);
  options.attribution =
      hash / 28 % 2 == 0 ? Attribution::kSite : Attribution::kInnermost;
  options.counting =
      hash / 56 % 4 == 0 ? Counting::kCumulative : Counting::kExclusive;
  if (hash / 224 % 4 == 0) options.filter.exclude = {"*a*"};
  return options;
}

// Bytes of a snapshot's columns, texts apart.
size_t ColumnBytes(const Snapshot& snapshot) {
  return snapshot.nodes.size() * 41 +
         (snapshot.blocks.size() + snapshot.pool_blocks.size() +
          snapshot.mapped_regions.size()) *
             22 +
         snapshot.roots.size() * 29 + snapshot.object_words.size() * 18;
}

void CheckRoundTrip(const Snapshot& snapshot) {
  const std::string encoded = EncodeSnapshot(snapshot);
  const absl::StatusOr<Snapshot> again = TryParseSnapshot(
      {reinterpret_cast<const unsigned char*>(encoded.data()), encoded.size()},
      "again");
  FUZZ_CHECK(again.ok(), "what was written can be read");
  FUZZ_CHECK(!snapshot.is_whole() || EncodeSnapshot(*again) == encoded,
             "nothing is lost on the way");
}

void FuzzFile(const uint8_t* data, size_t size) {
  static const Snapshot* const empty = [] {
    auto* const snapshot = new Snapshot;
    snapshot->nodes.address.push_back(0);
    snapshot->nodes.parent.push_back(NodeId{0});
    snapshot->nodes.kind.push_back(HL_NODE_SPECIAL);
    snapshot->nodes.generation.push_back(0);
    snapshot->counters.total_count.push_back(0);
    snapshot->counters.total_bytes.push_back(0);
    snapshot->counters.temporary_count.push_back(0);
    return snapshot;
  }();
  const uint32_t hash = HashOf(data, size);
  const absl::StatusOr<Snapshot> snapshot =
      TryParseSnapshot(absl::MakeConstSpan(data, size), "fuzz.hl");
  if (!snapshot.ok()) {
    CheckPrintable(snapshot.status().message());
    return;
  }
  FUZZ_CHECK(ColumnBytes(*snapshot) <= PlainBytesBudget(size) * 4,
             "memory is bounded by the file's size");
  CheckSnapshot(*snapshot);
  // One in sixteen each: the reader alone is ten times as fast.
  const HeapRowOptions options = OptionsOf(hash / 16);
  switch (hash % 16) {
    case 0:
      CheckHeapReports(*empty, *snapshot, options);
      break;
    case 1:
      CheckHeapReports(*snapshot, *empty, options);
      break;
    case 2:
      CheckRenderings(*snapshot, options);
      break;
    case 3:
      CheckRoundTrip(*snapshot);
      break;
    default:
      break;
  }
}

}  // namespace
}  // namespace heapline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  heapline::FuzzFile(data, size);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t capacity, unsigned seed) {
  if (seed % 4 == 0) return LLVMFuzzerMutate(data, size, capacity);
  return heapline::MutateSections(data, size, capacity, seed);
}
