// cut_model.h: what the oracle's program must have held at the instant that a
// snapshot was cut, rebuilt from its journals while it pauses (see
// oracle_state.h), and the comparison with what the snapshot says: address,
// size and allocating thread of every block, and how much each thread ever
// allocated.
//
// Invariant: the model is exact but for what a snapshot cannot tell of a
// thread: whether the one free after its last allocation had been done (each is
// decided by the snapshot, and counted), and, where the tracer says that it
// stopped a thread inside an allocation, that one operation. Nothing else is
// tolerated. Used by one thread, while the program pauses.
#ifndef HEAPLINE_TESTS_ORACLE_CUT_MODEL_H_
#define HEAPLINE_TESTS_ORACLE_CUT_MODEL_H_

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "analyzer/snapshot/snapshot.h"
#include "tests/oracle/oracle_state.h"

namespace heapline::oracle {

// The loader's and libc's blocks, as the snapshot before the first operation
// has them; they do not change while the program runs.
struct Background {
  absl::flat_hash_map<uint64_t, uint64_t> bytes_by_address;
  uint64_t total_count = 0;  // ever allocated until then
  uint64_t total_bytes = 0;
};
Background BackgroundOf(const Snapshot& snapshot);

enum class CutKind {
  // Threads worked: their positions are told by the allocations counted on
  // their nodes.
  kUnderLoad,
  // All paused: exactly what the journals hold now.
  kAtPause,
  // All paused, and the tracer was short of memory: stacks may be missing, and
  // as many blocks as it says it dropped.
  kAtPauseShortOfMemory,
};

// What was compared, for the table that a run prints.
struct Comparison {
  uint64_t operations = 0;        // ended before the cut, all threads
  uint64_t blocks = 0;            // of the threads, found equal
  uint64_t bytes = 0;             // of these
  uint64_t operations_since = 0;  // from the cut to the pause: taken back
  uint64_t frees_in_doubt = 0;
  uint64_t frees_done = 0;  // of these
  uint64_t in_flight = 0;   // threads stopped inside an allocation
  uint64_t missing = 0;     // kAtPauseShortOfMemory only
};

// The first difference is the error.
absl::StatusOr<Comparison> Compare(const OracleState& state,
                                   const Background& background,
                                   const Snapshot& snapshot, CutKind kind);

}  // namespace heapline::oracle

#endif  // HEAPLINE_TESTS_ORACLE_CUT_MODEL_H_
