#include "preload/snapshot.h"

#include <errno.h>
#include <fcntl.h>

#include "preload/clock.h"
#include "preload/control.h"
#include "preload/cut_stack.h"
#include "preload/descriptor_window.h"
#include "preload/heap_totals.h"
#include "preload/lifecycle.h"
#include "preload/message.h"
#include "preload/output_file.h"
#include "preload/process_facts.h"
#include "preload/snapshot_writer.h"
#include "preload/stop_world.h"
#include "preload/sys.h"
#include "preload/tracer.h"
#include "preload/trigger.h"
#include "preload/writer_process.h"

namespace heapline {
namespace {

constexpr long kChildDied = -ESRCH;

// A child that writes, from the clone until it is reaped. Guarded by the lock
// but for is_running, which anybody may look at.
struct Writer {
  bool is_running;
  int32_t pid;
  uint32_t cut;  // numbers all cuts of this process: tells a reused slot
  Reason reason;
  WriterPage* page;
  bool was_written;
};
constexpr int kMaxWriters = 4;
Writer writers[kMaxWriters];

uint32_t cuts;
uint64_t next_sequence;

bool IsRunning(const Writer& writer) {
  return __atomic_load_n(&writer.is_running, __ATOMIC_ACQUIRE);
}

// Reasons that nobody waits for: such a cut is left out rather than delay the
// program, and comes again.
bool IsAutomatic(Reason reason) {
  switch (reason) {
    case Reason::kInterval:
    case Reason::kGrowth:
    case Reason::kAbove:
    case Reason::kNearLimit:
    case Reason::kPeak:
      return true;
    default:
      return false;
  }
}

void SayWritten(Reason reason, const WriterPage& page) {
  Line line;
  line.Add("snapshot (").Add(ReasonWord(reason)).Add("): ");
  line.Number(page.file.live_count).Add(" blocks, ");
  line.ByteCount(page.file.live_bytes).Add(", pause ");
  line.Number(page.pause_ns / 1000).Add(" us, ").Add(page.file.path);
  Say(Severity::kVerbose, line);
}

void SayCountersDiffer(const WriterPage& page) {
  Line line;
  line.Add("internal error: the blocks of ").Add(page.file.path);
  line.Add(" differ from the counters by ").Signed(page.file.bytes_off);
  line.Add(" bytes and ").Signed(page.file.count_off).Add(" blocks");
  Say(Severity::kError, line);
}

void NoteLost(Reason reason, long error, const char* what) {
  __atomic_add_fetch(&tracer.lost_snapshots, 1, __ATOMIC_RELAXED);
  Line line;
  line.Add("cannot write snapshot (").Add(ReasonWord(reason)).Add(") of ");
  line.Add(process_facts.program).Add(" (");
  line.Number(static_cast<uint32_t>(tracer.pid)).Add("): ").Add(what);
  line.Add(" ").Add(process_facts.output).Add(": ").Error(error);
  line.Add("; the program goes on");
  Say(Severity::kError, line);
}

// A child that was killed leaves what it had written so far. Gone already where
// it had its final name.
void RemoveTemporaryFile(const WrittenFile& file) {
  if (file.temporary_path[0] == '\0') return;
  sys::Call(SYS_unlinkat, AT_FDCWD, sys::Arg(file.temporary_path), 0);
}

// What a finished writer left behind. The page's texts are the child's own.
bool NoteOutcome(Reason reason, const WriterPage& page) {
  switch (StateOf(&page)) {
    case WriterState::kWritten:
      if (page.file.sequence >= next_sequence) {
        next_sequence = page.file.sequence + 1;
      }
      SayWritten(reason, page);
      if (page.file.bytes_off != 0 || page.file.count_off != 0) {
        SayCountersDiffer(page);
      }
      if (IsAutomatic(reason)) NoteAutomaticFile(reason, page.file.path);
      return true;
    case WriterState::kFailed:
      NoteLost(reason, page.error, page.what);
      return false;
    default:
      RemoveTemporaryFile(page.file);
      NoteLost(reason, kChildDied, "the writing child died:");
      if (reason == Reason::kRequest) ReplyLost(kChildDied, "its writer died");
      return false;
  }
}

// REQUIRES: the lock.
void FinishWriter(Writer* writer) {
  writer->was_written = NoteOutcome(writer->reason, *writer->page);
  UnmapWriterPage(writer->page);
  writer->page = nullptr;
  __atomic_store_n(&writer->is_running, false, __ATOMIC_RELEASE);
}

// REQUIRES: the lock.
void ReapFinishedWriters() {
  CallOnCutStack(
      [](void*, uintptr_t) {
        for (Writer& writer : writers) {
          if (IsRunning(writer) && ReapChild(writer.pid, Reaping::kNow)) {
            FinishWriter(&writer);
          }
        }
      },
      nullptr);
}

Writer* OldestRunningWriter() {
  Writer* oldest = nullptr;
  for (Writer& writer : writers) {
    if (IsRunning(writer) &&
        (oldest == nullptr ||
         static_cast<int32_t>(writer.cut - oldest->cut) < 0)) {
      oldest = &writer;
    }
  }
  return oldest;
}

// A free slot; waits for the oldest child where there is none. REQUIRES: lock.
Writer* FreeWriter() {
  for (Writer& writer : writers) {
    if (!IsRunning(writer)) return &writer;
  }
  Writer* oldest = OldestRunningWriter();
  ReapChild(oldest->pid, Reaping::kWait);
  FinishWriter(oldest);
  return oldest;
}

// Until the cut numbered `cut` has its file or is lost. Without the lock: a
// signal handler of the program may run meanwhile.
bool AwaitCut(const Writer& writer, uint32_t cut) {
  while (IsRunning(writer) && writer.cut == cut) {
    if (!LockSnapshots()) return true;
    ReapFinishedWriters();
    const bool goes_on = IsRunning(writer) && writer.cut == cut;
    const int32_t pid = writer.pid;
    UnlockSnapshots();
    if (!goes_on) break;
    AwaitChild(pid);
  }
  return writer.cut != cut || writer.was_written;
}

// All threads stand still: begin the next epoch, then copy or write.
SnapshotResult CutStoppedWorld(const SnapshotRequest& request,
                               const StoppedWorld& world, uint64_t began_ns,
                               Writer* writer) {
  CutFacts facts = {};
  facts.request = &request;
  facts.world = &world;
  facts.sequence = next_sequence;
  facts.began_ns = began_ns;
  facts.cut_monotonic_ns = MonotonicNs();
  facts.cut_realtime_ns = RealtimeNs();
  facts.parent_pid = static_cast<int32_t>(sys::Call(SYS_getppid));
  facts.epoch = CurrentEpoch();
  facts.pause_ns = &writer->page->pause_ns;
  facts.clone_ns = &writer->page->clone_ns;
  AdvanceEpoch(facts.cut_monotonic_ns, next_sequence + 1);

  long child = -EBUSY;
  if (!request.never_clone) {
    child = StartWriter(facts, writer->page);
    __atomic_store_n(&writer->page->clone_ns,
                     MonotonicNs() - facts.cut_monotonic_ns, __ATOMIC_RELAXED);
  }
  if (child > 0) {
    AwaitClosedDescriptors(static_cast<int32_t>(child), writer->page);
    ResumeWorld();
    __atomic_store_n(&writer->page->pause_ns, MonotonicNs() - began_ns,
                     __ATOMIC_RELEASE);
    writer->pid = static_cast<int32_t>(child);
    __atomic_store_n(&writer->is_running, true, __ATOMIC_RELEASE);
    return SnapshotResult::kCut;
  }

  facts.in_process = true;
  WriterPage* page = writer->page;
  const char* what = "";
  const long error = WriteSnapshot(facts, &page->file, &what);
  ResumeWorld();
  page->error = error;
  page->pause_ns = MonotonicNs() - began_ns;
  CopyText(page->what, sizeof page->what, what);
  page->state = static_cast<uint32_t>(error == 0 ? WriterState::kWritten
                                                 : WriterState::kFailed);
  if (error == 0) NoteSnapshotInPage(page->pause_ns);
  if (request.reason == Reason::kRequest) {
    if (error == 0) {
      ReplyWritten(page->file.path);
    } else {
      ReplyLost(error, what);
    }
  }
  FinishWriter(writer);
  return error == 0 ? SnapshotResult::kCut : SnapshotResult::kLost;
}

SnapshotResult Lose(const SnapshotRequest& request, long error,
                    const char* what) {
  NoteLost(request.reason, error, what);
  if (request.reason == Reason::kRequest) ReplyLost(error, what);
  return SnapshotResult::kLost;
}

// REQUIRES: the lock.
SnapshotResult CutUnderLock(const SnapshotRequest& request, uintptr_t leader_sp,
                            Writer* writer) {
  const DescriptorWindow window;
  const uint64_t began_ns = MonotonicNs();
  writer->page = MapWriterPage();
  if (writer->page == nullptr) {
    return Lose(request, -ENOMEM, "map memory for");
  }
  writer->reason = request.reason;
  writer->was_written = false;
  writer->cut = ++cuts;
  next_sequence = NextFreeSequence(next_sequence);
  const uint64_t sequence = next_sequence;
  StoppedWorld world;
  if (!StopWorld(request.leader_context, leader_sp, &world)) {
    UnmapWriterPage(writer->page);
    writer->page = nullptr;
    return Lose(request, -ENOMEM, "stop all threads for");
  }
  const SnapshotResult result =
      CutStoppedWorld(request, world, began_ns, writer);
  if (next_sequence == sequence) ++next_sequence;
  return result;
}

// One request, under the lock, and what came of it.
struct LockedCut {
  const SnapshotRequest* request;
  SnapshotResult result;
  const Writer* writer;
  uint32_t number;
};

// For CallOnCutStack.
void CutIfDue(void* argument, uintptr_t leader_sp) {
  LockedCut* cut = static_cast<LockedCut*>(argument);
  if (IsAutomatic(cut->request->reason) && OldestRunningWriter() != nullptr) {
    return;
  }
  Writer* writer = FreeWriter();
  cut->result = CutUnderLock(*cut->request, leader_sp, writer);
  cut->writer = writer;
  cut->number = writer->cut;
}

bool MayCut() {
  const Mode mode = CurrentMode();
  return mode == Mode::kTracing || mode == Mode::kForwarding;
}

}  // namespace

const char* ReasonWord(Reason reason) {
  static constexpr const char* kWords[] = {
#define HL_REASON(word) #word,
      HL_REASONS
#undef HL_REASON
  };
  return kWords[static_cast<int>(reason)];
}

SnapshotResult CutSnapshot(const SnapshotRequest& request) {
  if (!MayCut() || IsVforkChild()) return SnapshotResult::kBusy;
  if (tracer.calls_restricted) {
    // Not a word: a system call too many ends the program.
    __atomic_add_fetch(&tracer.lost_snapshots, 1, __ATOMIC_RELAXED);
    return SnapshotResult::kLost;
  }
  const bool is_locked =
      IsAutomatic(request.reason) ? TryLockSnapshots() : LockSnapshots();
  if (!is_locked) return SnapshotResult::kBusy;
  if (ProcessHasEnded()) {  // what is cut now, nobody would wait for
    UnlockSnapshots();
    return SnapshotResult::kBusy;
  }
  ReapFinishedWriters();
  LockedCut cut = {&request, SnapshotResult::kBusy, nullptr, 0};
  CallOnCutStack(&CutIfDue, &cut);
  UnlockSnapshots();
  if (cut.result == SnapshotResult::kCut && request.wait_until_written) {
    return AwaitCut(*cut.writer, cut.number) ? SnapshotResult::kCut
                                             : SnapshotResult::kLost;
  }
  return cut.result;
}

void AwaitWriter() {
  for (;;) {
    const Writer* oldest = OldestRunningWriter();
    if (oldest == nullptr) return;
    AwaitCut(*oldest, oldest->cut);
  }
}

void ReapWriter() {
  if (OldestRunningWriter() == nullptr || !TryLockSnapshots()) return;
  ReapFinishedWriters();
  UnlockSnapshots();
}

void ForgetSnapshots() {
  ForgetStop();
  for (Writer& writer : writers) {
    UnmapWriterPage(writer.page);
    writer = Writer();
  }
  next_sequence = 0;
  ForgetSnapshotLockOwner();
}

}  // namespace heapline
