// snapshot_set.h: FILE arguments that are directories. A directory stands for
// the snapshots in it (files of either form, hidden names and subdirectories
// left out), in the order in which they came to be: by their process's start
// time, its pid, the snapshot's sequence, then by name.
//
// Only the properties are read here, no file as a whole. A report that merges
// over processes takes LastOfEachProcess; one that takes a series takes the
// snapshots of each process in order. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_SET_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_SET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace heapline {

struct SnapshotFile {
  std::string path;
  std::string program;
  uint64_t start_time_ns = 0;  // of the process
  uint64_t pid = 0;
  uint64_t sequence = 0;
};

// All snapshots of one process, in order; never empty.
struct ProcessSnapshots {
  std::string program;
  uint64_t start_time_ns = 0;
  uint64_t pid = 0;
  std::vector<SnapshotFile> files;
};

// A file is taken as it is, unread: whoever reads it says what is wrong. A
// directory without a snapshot in it is an error.
absl::StatusOr<std::vector<SnapshotFile>> TryListSnapshots(
    const std::string& argument);

// Snapshots grouped by process (same start time, pid), in the same order.
std::vector<ProcessSnapshots> ByProcess(std::vector<SnapshotFile> files);

// The newest snapshot of each process.
std::vector<SnapshotFile> LastOfEachProcess(std::vector<SnapshotFile> files);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_SET_H_
