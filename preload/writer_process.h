// writer_process.h: the snapshot's child: a raw clone with no exit signal, so
// that the program's wait() and SIGCHLD never see it, on a stack of its own,
// with a copy of all memory and none of the descriptors. It closes those before
// anything else: a copy of a pipe, a lock or a port must not live on.
// REQUIRES, but for AwaitChild: the snapshot lock, all signals blocked.
#ifndef HEAPLINE_PRELOAD_WRITER_PROCESS_H_
#define HEAPLINE_PRELOAD_WRITER_PROCESS_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/snapshot_writer.h"

namespace heapline {

enum class WriterState : uint32_t {
  kStarting = 0,
  kClosed = 1,  // all descriptors of the program are closed
  kWritten = 2,
  kFailed = 3
};

// Shared by the process and its child.
struct WriterPage {
  uint32_t state;  // WriterState; waited on
  uint64_t clone_ns;
  uint64_t pause_ns;
  long error;
  char what[64];
  WrittenFile file;
};

WriterPage* MapWriterPage();
void UnmapWriterPage(WriterPage* page);

// Starts the child, which writes what `facts` say. Its process id, or -errno.
long StartWriter(const CutFacts& facts, WriterPage* page);

// Returns when the child has closed the descriptors, or is dead.
void AwaitClosedDescriptors(int32_t pid, WriterPage* page);

// Whether the child is gone; reaps it. `wait` until it is.
enum class Reaping { kNow, kWait };
bool ReapChild(int32_t pid, Reaping reaping);
// Sleeps until the child is dead, and leaves it to be reaped. Needs no lock.
void AwaitChild(int32_t pid);

WriterState StateOf(const WriterPage* page);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_WRITER_PROCESS_H_
