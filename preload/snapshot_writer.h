// snapshot_writer.h: turns the stopped tables into one file in format v1
// (include/heapline/snapshot_format.h): temporary name, sections with
// checksums, renamed without replacing to the next free
// <program>.<pid>.<sequence>.hl. Raw system calls only; one mapped buffer.
// Runs in the snapshot's child, or in the stopped process itself; one at a
// time (the snapshot lock).
#ifndef HEAPLINE_PRELOAD_SNAPSHOT_WRITER_H_
#define HEAPLINE_PRELOAD_SNAPSHOT_WRITER_H_

#include <stdint.h>

#include "preload/snapshot.h"
#include "preload/stop_world.h"

namespace heapline {

struct CutFacts {
  const SnapshotRequest* request;
  const StoppedWorld* world;
  uint64_t sequence;  // the one to begin with
  uint64_t began_ns;  // monotonic: the stop was asked for
  uint64_t cut_monotonic_ns;
  uint64_t cut_realtime_ns;
  uint16_t epoch;  // that the cut ended
  int32_t parent_pid;
  bool in_process;
  // In memory shared with the parent, which fills them in: the clone's time
  // before it resumes, then the whole pause.
  const volatile uint64_t* clone_ns;
  const volatile uint64_t* pause_ns;
};

struct WrittenFile {
  char path[4096];            // its final name
  char temporary_path[4096];  // before it had that; "": not yet made
  uint64_t sequence;
  uint64_t bytes;
  uint64_t live_bytes;
  uint64_t live_count;
  // Dev builds: the sum of the blocks less what the counters say; 0 is right.
  int64_t bytes_off;
  int64_t count_off;
};

// 0, or -errno with *what naming the step that failed. On failure no file is
// left under any name.
long WriteSnapshot(const CutFacts& facts, WrittenFile* written,
                   const char** what);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SNAPSHOT_WRITER_H_
