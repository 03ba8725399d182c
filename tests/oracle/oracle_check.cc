// Checks snapshots of the oracle's program, or of any program for soundness.
//
//   oracle_check compare STATE-FILE BACKGROUND.hl (load|pause|short) FILE.hl
//   oracle_check whole FILE.hl...
//
// `compare` prints one line of JSON: what was compared; `whole` one number: how
// many files were sound to their last byte, with an end, checksums and sums
// that hold. Exit status 1 and one line on stderr at the first difference.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "tests/oracle/cut_model.h"

namespace heapline::oracle {
namespace {

// NULL: no such file, or not the oracle's. Mapped until the process ends.
const OracleState* MapState(const char* path) {
  const int file = open(path, O_RDONLY);
  struct stat facts;
  if (file < 0 || fstat(file, &facts) != 0) return nullptr;
  void* memory = mmap(nullptr, static_cast<size_t>(facts.st_size), PROT_READ,
                      MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return nullptr;
  const OracleState* state = static_cast<const OracleState*>(memory);
  return state->magic == kMagic ? state : nullptr;
}

int Fail(const absl::Status& status) {
  std::cerr << "oracle_check: " << status.message() << "\n";
  return 1;
}

int CompareFiles(char** arguments) {
  const OracleState* state = MapState(arguments[0]);
  if (state == nullptr) {
    std::cerr << "oracle_check: " << arguments[0] << ": not a state file\n";
    return 2;
  }
  const absl::string_view word = arguments[2];
  const CutKind kind = word == "load"    ? CutKind::kUnderLoad
                       : word == "pause" ? CutKind::kAtPause
                                         : CutKind::kAtPauseShortOfMemory;
  const absl::StatusOr<Snapshot> before = TryReadSnapshot(arguments[1]);
  if (!before.ok()) return Fail(before.status());
  const absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(arguments[3]);
  if (!snapshot.ok()) return Fail(snapshot.status());
  const absl::StatusOr<Comparison> result =
      Compare(*state, BackgroundOf(*before), *snapshot, kind);
  if (!result.ok()) return Fail(result.status());
  std::cout << absl::StrFormat(
      "{\"operations\": %d, \"blocks\": %d, \"bytes\": %d, "
      "\"operations_since\": %d, \"frees_in_doubt\": %d, \"frees_done\": %d, "
      "\"in_flight\": %d, \"missing\": %d, \"dropped_blocks\": %d, "
      "\"pause_us\": %d}\n",
      result->operations, result->blocks, result->bytes,
      result->operations_since, result->frees_in_doubt, result->frees_done,
      result->in_flight, result->missing,
      NumberOf(*snapshot, PropertyId::dropped_blocks),
      NumberOf(*snapshot, PropertyId::pause_us));
  return 0;
}

int CountWhole(int count, char** paths) {
  for (int i = 0; i < count; ++i) {
    const absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(paths[i]);
    if (!snapshot.ok()) return Fail(snapshot.status());
    if (!snapshot->is_whole()) {
      return Fail(absl::DataLossError(snapshot->damage.front()));
    }
    const std::string sums = CheckTotals(*snapshot);
    if (!sums.empty()) return Fail(absl::DataLossError(sums));
  }
  std::cout << count << "\n";
  return 0;
}

}  // namespace
}  // namespace heapline::oracle

int main(int argc, char** argv) {
  using namespace heapline::oracle;
  const absl::string_view command = argc > 1 ? argv[1] : "";
  if (command == "compare" && argc == 6) return CompareFiles(argv + 2);
  if (command == "whole") return CountWhole(argc - 2, argv + 2);
  std::cerr << "oracle_check: see the first lines of oracle_check.cc\n";
  return 2;
}
