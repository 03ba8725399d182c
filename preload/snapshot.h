// snapshot.h: cuts one snapshot: lock → stop → clone → (child: close all
// descriptors, tell the parent) → resume → the child writes and renames. Where
// clone is refused, or memory is near its limit, the file is written while all
// stand still and its header says so. The clone is raw, with no exit signal:
// the program's wait() and SIGCHLD never see it; it is reaped here later.
// Rules of the cut: docs/how-it-works.md.
#ifndef HEAPLINE_PRELOAD_SNAPSHOT_H_
#define HEAPLINE_PRELOAD_SNAPSHOT_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

enum class Reason : uint8_t {
  kExit,
  kDeath,
  kSignal,
  kRequest,
  kApi,
  kInterval,
  kGrowth,
  kAbove,
  kNearLimit,
  kPeak,
  kRound
};
const char* ReasonWord(Reason reason);

struct SnapshotRequest {
  Reason reason;
  const char* label;  // <= HL_MAX_LABEL_BYTES, may be NULL
  size_t label_bytes;
  const void* leader_context;  // ucontext when called from a handler, or NULL
  bool wait_until_written;     // at exit and for the API
  bool never_clone;            // near a limit
  bool no_graph;
  int pending_signal;  // kDeath
};

enum class SnapshotResult {
  kCut,   // the file is being written, or is written
  kBusy,  // another snapshot is being cut by this very thread or cannot
          // be waited for
  kLost   // counted in tracer.lost_snapshots, said in one line
};

// Blocks all signals of the calling thread while it works. Async-signal-safe.
SnapshotResult CutSnapshot(const SnapshotRequest& request);

// Waits for a child that is still writing; reaps it.
void AwaitWriter();
// Reaps a finished child without waiting; called on the slow path.
void ReapWriter();

// The lock that orders cuts and exec; held with all signals blocked.
bool LockSnapshots();  // waits; false: the caller holds it already
bool TryLockSnapshots();
void UnlockSnapshots();
// For an exec: the new image must not begin with all signals blocked.
void LetSignalsInUnderLock();
void ShutSignalsOutUnderLock();
// In a forked copy: whoever held it is not here.
void ForgetSnapshotLockOwner();

// In a forked copy: no cut, no stop and no writer is ours; numbers begin anew.
void ForgetSnapshots();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SNAPSHOT_H_
