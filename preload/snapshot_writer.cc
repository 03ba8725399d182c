#include "preload/snapshot_writer.h"

#include <errno.h>
#include <signal.h>
#include <sys/utsname.h>
#include <time.h>

#include "preload/call_tree.h"
#include "preload/capture.h"
#include "preload/clock.h"
#include "preload/heap_totals.h"
#include "preload/message.h"
#include "preload/next.h"
#include "preload/output_file.h"
#include "preload/pages.h"
#include "preload/process_facts.h"
#include "preload/section_writer.h"
#include "preload/snapshot_blocks.h"
#include "preload/snapshot_graph.h"
#include "preload/snapshot_mappings.h"
#include "preload/snapshot_tables.h"
#include "preload/sys.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// The one writer's: too large for a signal stack.
OutputFile file;
SectionWriter section;
struct utsname system_names;

// Properties by name, so that a row's number stands in the table alone.
enum PropertyId : uint32_t {
#define HL_PROPERTY(id, kind, name, meaning) kProperty_##name = id,
#include "heapline/snapshot_properties.def"
};

#define PUT_NUMBER(name, value) \
  PutNumberProperty(&section, kProperty_##name, value)
#define PUT_TEXT(name, value) PutTextProperty(&section, kProperty_##name, value)

uint32_t IncompleteReasons(const StoppedWorld& world) {
  uint32_t reasons = __atomic_load_n(&tracer.incomplete, __ATOMIC_RELAXED);
  if (tracer.options.sample != 0) reasons |= HL_INCOMPLETE_SAMPLING;
  if (!tracer.options.start) reasons |= HL_INCOMPLETE_LATE_START;
  if (tracer.dropped_blocks != 0) reasons |= HL_INCOMPLETE_DROPPED;
  if (world.not_stopped != 0 || world.may_lack_threads) {
    reasons |= HL_INCOMPLETE_THREADS;
  }
  return reasons;
}

const char* SignalName(int number) {
  switch (number) {
    case SIGHUP:
      return "SIGHUP";
    case SIGINT:
      return "SIGINT";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGSEGV:
      return "SIGSEGV";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "another signal";
  }
}

void PutProcess() {
  PUT_TEXT(program, process_facts.program);
  PUT_TEXT(executable, process_facts.executable);
  PUT_TEXT(command_line, process_facts.invoked_as);
  if (sys::Call(SYS_uname, sys::Arg(&system_names)) == 0) {
    PUT_TEXT(host, system_names.nodename);
  }
  PUT_NUMBER(pid, static_cast<uint32_t>(tracer.pid));
  PUT_NUMBER(start_time_ns, tracer.start_realtime_ns);
  PUT_TEXT(heapline_version, HEAPLINE_VERSION_STRING);
  if (process_facts.options != nullptr) {
    PUT_TEXT(options, process_facts.options);
  }
  PUT_NUMBER(page_bytes, kPageBytes);
  PUT_TEXT(allocator, AllocatorPath());
}

void PutCut(const CutFacts& facts) {
  const SnapshotRequest& request = *facts.request;
  PUT_NUMBER(parent_pid, static_cast<uint32_t>(facts.parent_pid));
  PUT_TEXT(reason, ReasonWord(request.reason));
  if (request.label_bytes != 0) {
    PutTextProperty(&section, kProperty_label, request.label,
                    request.label_bytes);
  }
  PUT_NUMBER(sequence, facts.sequence);
  PUT_NUMBER(cut_time_ns, facts.cut_realtime_ns);
  PUT_NUMBER(uptime_ns, facts.cut_monotonic_ns - tracer.start_ns);
  PUT_NUMBER(epoch, facts.epoch);
  PUT_NUMBER(round, tracer.round);
  PUT_NUMBER(in_process, facts.in_process ? 1 : 0);
  PUT_NUMBER(sample_mean_bytes, tracer.options.sample);
  if (request.reason == Reason::kDeath) {
    PUT_TEXT(pending_signal, SignalName(request.pending_signal));
  }
}

void PutTotals(const HeapTotals& totals) {
  PUT_NUMBER(live_bytes, static_cast<uint64_t>(totals.live_bytes));
  PUT_NUMBER(live_count, static_cast<uint64_t>(totals.live_count));
  PUT_NUMBER(peak_bytes, static_cast<uint64_t>(totals.peak_bytes));
  PUT_NUMBER(peak_error_bytes, PeakErrorBytes());
  PUT_NUMBER(total_bytes, totals.total_bytes);
  PUT_NUMBER(total_count, totals.total_count);
  PUT_NUMBER(temporary_count, totals.temporary_count);
}

void PutDoubts(const CutFacts& facts, const HeapTotals& totals) {
  const uint32_t reasons = IncompleteReasons(*facts.world);
  PUT_NUMBER(complete, reasons == 0 ? 1 : 0);
  PUT_NUMBER(incomplete_reasons, reasons);
  PUT_NUMBER(dropped_blocks, tracer.dropped_blocks);
  PUT_NUMBER(truncated_stacks, totals.truncated_stacks);
  PUT_NUMBER(foreign_frees, totals.foreign_frees);
  PUT_NUMBER(lost_snapshots, tracer.lost_snapshots);
  PUT_NUMBER(graph, 0);  // until it is written
  const CheckCounts checks = ChecksSoFar();
  PUT_NUMBER(check_stacks, checks.stacks);
  PUT_NUMBER(check_wrong, checks.wrong);
  PUT_NUMBER(check_shorter, checks.shorter);
  PUT_NUMBER(check_longer, checks.longer);
  PUT_NUMBER(check_guessed, checks.guessed);
  PUT_NUMBER(threads, facts.world->count);
  PUT_NUMBER(threads_not_stopped, facts.world->not_stopped);
  PUT_NUMBER(tracer_bytes, MappedPageBytes());
  PUT_NUMBER(max_memory_bytes, tracer.options.max_memory);
}

// What the blocks add up to stands behind them and overrules the counters.
void WriteExactTotals(const BlockSums& sums, const HeapTotals& totals) {
  section.Begin(HL_SECTION_PROPERTIES);
  PUT_NUMBER(live_bytes, sums.live_bytes());
  PUT_NUMBER(live_count, sums.live_count());
  if (sums.live_bytes() > static_cast<uint64_t>(totals.peak_bytes)) {
    PUT_NUMBER(peak_bytes, sums.live_bytes());
  }
  PUT_NUMBER(container_bytes, sums.container_bytes);
  PUT_NUMBER(container_count, sums.container_count);
  PUT_NUMBER(mapped_bytes, sums.mapped_bytes);
  PUT_NUMBER(mapped_count, sums.mapped_count);
  section.End();
}

// Sampled blocks are too few to tell who holds what; near a limit there is no
// memory for the search.
bool GraphIsWanted(const SnapshotRequest& request) {
  return tracer.options.graph && tracer.options.sample == 0 &&
         !request.no_graph && !request.never_clone;
}

LeaderPlace PlaceOf(Reason reason) {
  switch (reason) {
    case Reason::kExit:
      return LeaderPlace::kAtExit;
    case Reason::kApi:
    case Reason::kRound:
      return LeaderPlace::kInCall;
    default:
      return LeaderPlace::kInHook;
  }
}

GraphSums WriteObjectGraph(const CutFacts& facts) {
  if (!GraphIsWanted(*facts.request)) return GraphSums();
  return WriteGraph(&section, file.descriptor(), *facts.world,
                    PlaceOf(facts.request->reason),
                    IncompleteReasons(*facts.world) == 0);
}

// Mappings that the child has not are areas of which nothing was read.
void WriteUncopied(const GrowingArray<UncopiedMapping>& uncopied,
                   GraphSums* graph) {
  section.Begin(HL_SECTION_ROOT_AREAS);
  for (size_t i = 0; i < uncopied.count(); ++i) {
    section.MakeRoom(5 * kVarintBytes);
    section.Number(HL_ROOT_MAPPING);
    section.Number(0);
    section.Number(uncopied[i].start);
    section.Number(0);
    section.Number(uncopied[i].resident_bytes);
    section.CountRecord();
    graph->unreadable_bytes += uncopied[i].resident_bytes;
  }
  section.End();
}

void WriteMappingsAndGraph(const CutFacts& facts, GraphSums* graph) {
  *graph = WriteObjectGraph(facts);
  GrowingArray<UncopiedMapping> uncopied;
  WriteMappings(&section, tracer.pid, &uncopied);
  if (!graph->is_whole) return;
  if (!facts.in_process) WriteUncopied(uncopied, graph);
  section.Begin(HL_SECTION_PROPERTIES);
  PUT_NUMBER(graph, 1);
  PUT_NUMBER(unreadable_bytes, graph->unreadable_bytes);
  PUT_NUMBER(scan_us, graph->scan_ns / 1000);
  section.End();
}

// The parent notes the pause right after it has resumed: long ago by now, if
// it lives.
uint64_t PauseNs(const CutFacts& facts) {
  if (facts.in_process) return MonotonicNs() - facts.began_ns;
  constexpr int kTries = 100;
  for (int i = 0; *facts.pause_ns == 0 && i < kTries; ++i) {
    const struct timespec time = {0, 1000000};
    sys::Call(SYS_nanosleep, sys::Arg(&time), 0);
  }
  return *facts.pause_ns;
}

// Records in the file.
struct WrittenRecords {
  TableSums tables;
  uint64_t blocks;
  GraphSums graph;
};

void WriteEnd(const CutFacts& facts, uint64_t sequence,
              const WrittenRecords& written) {
  const uint64_t sections = section.sections();
  section.Begin(HL_SECTION_END);
  PUT_NUMBER(sequence, sequence);
  PUT_NUMBER(pause_us, PauseNs(facts) / 1000);
  PUT_NUMBER(child_us, facts.in_process
                           ? 0
                           : (MonotonicNs() - facts.cut_monotonic_ns) / 1000);
  PUT_NUMBER(stop_us, facts.world->stop_ns / 1000);
  PUT_NUMBER(clone_us, *facts.clone_ns / 1000);
  PUT_NUMBER(written_modules, written.tables.modules);
  PUT_NUMBER(written_threads, written.tables.threads);
  PUT_NUMBER(written_nodes, written.tables.nodes);
  PUT_NUMBER(written_counters, written.tables.counters);
  PUT_NUMBER(written_blocks, written.blocks);
  if (written.graph.is_whole) {
    PUT_NUMBER(written_roots, written.graph.roots);
    PUT_NUMBER(written_edges, written.graph.edges);
    PUT_NUMBER(written_object_words, written.graph.object_words);
  }
  PUT_NUMBER(written_sections, sections);
  section.End();
}

// Whether tables and counters must agree to the byte: nobody was caught in the
// middle of an entry.
bool AllWereOutsideOfHooks(const StoppedWorld& world) {
  for (size_t i = 0; i < world.count; ++i) {
    if ((world.threads[i].flags &
         (HL_THREAD_NOT_STOPPED | HL_THREAD_PARKED_LATE)) != 0) {
      return false;
    }
  }
  for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    if (thread->guard != 0 && thread != current_thread) return false;
  }
  return true;
}

void CompareWithCounters(const StoppedWorld& world, const BlockSums& sums,
                         const HeapTotals& totals, WrittenFile* written) {
  written->bytes_off = 0;
  written->count_off = 0;
  if (HEAPLINE_CHECK_LEVEL < 1 || tracer.counters_may_drift ||
      !AllWereOutsideOfHooks(world)) {
    return;
  }
  written->bytes_off =
      static_cast<int64_t>(sums.heap_bytes) - totals.live_bytes;
  written->count_off =
      static_cast<int64_t>(sums.heap_count) - totals.live_count;
}

// Gives the file its name; where another file has it, the next number, which
// the end section must then tell too.
long Publish(const CutFacts& facts, const WrittenRecords& records,
             WrittenFile* written, const char** what) {
  const uint64_t end_offset = section.bytes_written();
  const uint64_t end_sections = section.sections();
  constexpr int kTries = 1000;
  for (int i = 0; i < kTries; ++i) {
    const uint64_t sequence = facts.sequence + static_cast<uint64_t>(i);
    *what = "write";
    WriteEnd(facts, sequence, records);
    if (section.error() != 0) return section.error();
    const long result = file.Publish(sequence, what);
    if (result == 0) {
      written->sequence = sequence;
      written->bytes = section.bytes_written();
      CopyText(written->path, sizeof written->path, file.path());
      return 0;
    }
    if (result != -EEXIST) return result;
    section.GoBackTo(end_offset, end_sections);
  }
  return -EEXIST;
}

long WriteSections(const CutFacts& facts, WrittenFile* written,
                   const char** what) {
  *what = "write";
  const HeapTotals totals = TotalsAtCut();
  section.WriteFileHeader();
  section.Begin(HL_SECTION_PROPERTIES);
  PutProcess();
  PutCut(facts);
  PutTotals(totals);
  PutDoubts(facts, totals);
  section.End();
  WrittenRecords records = {};
  WriteTables(&section, *facts.world, facts.epoch, &records.tables);
  BlockSums sums = {};
  if (!WriteBlocks(&section, {records.tables.nodes, facts.epoch}, &sums)) {
    *what = "map memory to write";
    return -ENOMEM;
  }
  records.blocks = sums.written_blocks;
  WriteExactTotals(sums, totals);
  WriteMappingsAndGraph(facts, &records.graph);
  written->live_bytes = sums.live_bytes();
  written->live_count = sums.live_count();
  CompareWithCounters(*facts.world, sums, totals, written);
  return Publish(facts, records, written, what);
}

// A file size limit sends SIGXFSZ besides failing the write; all signals are
// blocked here, so ours is thrown away before the program could see it.
void TakeBackFileSizeSignal() {
  constexpr int kFileSizeSignal = 25;  // SIGXFSZ
  const uint64_t set = uint64_t{1} << (kFileSizeSignal - 1);
  const struct timespec now = {0, 0};
  sys::Call(SYS_rt_sigtimedwait, sys::Arg(&set), 0, sys::Arg(&now), sizeof set);
}

bool FileSizeSignalIsPending() {
  uint64_t pending = 0;
  sys::Call(SYS_rt_sigpending, sys::Arg(&pending), sizeof pending);
  return (pending >> 24 & 1) != 0;
}

}  // namespace

long WriteSnapshot(const CutFacts& facts, WrittenFile* written,
                   const char** what) {
  const bool was_pending = FileSizeSignalIsPending();
  long result = file.Open(facts.in_process ? OutputFile::Descriptors::kShared
                                           : OutputFile::Descriptors::kOwn,
                          facts.sequence, written->temporary_path, what);
  if (result != 0) return result;
  section = SectionWriter();
  if (section.Initialize(file.descriptor())) {
    result = WriteSections(facts, written, what);
  } else {
    *what = "map memory to write";
    result = -ENOMEM;
  }
  section.Release();
  if (result != 0) file.Discard();
  if (result == -EFBIG && !was_pending) TakeBackFileSizeSignal();
  return result;
}

}  // namespace heapline
