#include "preload/lifecycle.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <time.h>

#include "heapline/snapshot_format.h"
#include "preload/call_deadline.h"
#include "preload/call_tree.h"
#include "preload/capture.h"
#include "preload/clock.h"
#include "preload/control.h"
#include "preload/descriptor_window.h"
#include "preload/follow.h"
#include "preload/heap_totals.h"
#include "preload/leader_frame.h"
#include "preload/lookup_order.h"
#include "preload/mapped_regions.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/next.h"
#include "preload/pages.h"
#include "preload/process_facts.h"
#include "preload/program_notes.h"
#include "preload/readable_memory.h"
#include "preload/record.h"
#include "preload/reserved_signal.h"
#include "preload/snapshot.h"
#include "preload/sys.h"
#include "preload/thread_memory.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"
#include "preload/trigger.h"

namespace heapline {
namespace {

// How far the end of this process has come.
enum EndState : uint32_t { kRunning = 0, kEnding = 1, kEnded = 2 };
uint32_t end_state;
uint32_t ender_tid;

Options first_reading;  // options once more, for the order of quiet=1

bool IsTraced() {
  const Mode mode = CurrentMode();
  return mode == Mode::kTracing || mode == Mode::kForwarding;
}

bool TakeStart() {
  Mode expected = Mode::kUnset;
  Mode starting = Mode::kStarting;
  return __atomic_compare_exchange(&tracer.mode, &expected, &starting, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void Ignore(const char*) {}
void Complain(const char* line) { Say(Severity::kError, line); }

void ReadOptions() {
  ParseOptions(process_facts.options, &tracer.options, &Ignore);
  // Bad options are told only now that `quiet` is known.
  ParseOptions(process_facts.options, &first_reading, &Complain);
  if (tracer.options.help) DescribeOptions(&Complain);
}

// ---- Reasons to step aside.

const char* SanitizerName() {
  struct Runtime {
    const char* symbol;
    const char* name;
  };
  static constexpr Runtime kRuntimes[] = {
      {"__asan_init", "AddressSanitizer"},
      {"__hwasan_init", "HWAddressSanitizer"},
      {"__tsan_init", "ThreadSanitizer"},
      {"__msan_init", "MemorySanitizer"}};
  for (const Runtime& runtime : kRuntimes) {
    if (FindSymbol(runtime.symbol) != nullptr) return runtime.name;
  }
  return nullptr;
}

bool Contains(const char* text, const char* part) {
  for (; *text != '\0'; ++text) {
    if (StartsWith(text, part)) return true;
  }
  return false;
}

// True: this process is left alone; the reason has been said.
bool HasReasonToStepAside() {
  if (process_facts.preload != nullptr &&
      Contains(process_facts.preload, "vgpreload")) {
    Say(Severity::kError,
        "valgrind runs this program: it is not traced (run it without one of "
        "the two)");
    return true;
  }
  const char* sanitizer = SanitizerName();
  if (sanitizer != nullptr) {
    Line line;
    line.Add("this program is built with ").Add(sanitizer);
    line.Add(", which needs the allocator for itself: it is not traced");
    Say(Severity::kError, line);
    return true;
  }
  return !FollowsThisProgram();
}

// Allocations that go to a malloc in front of ours are not seen: a program
// with an allocator of its own, or another preload before us.
void TellForeignMalloc() {
  const char* definer = DefinerBefore("malloc");
  if (definer == nullptr) return;
  tracer.incomplete |= HL_INCOMPLETE_FOREIGN_MALLOC;
  Line line;
  line.Add("malloc is that of ");
  line.Add(definer[0] != '\0' ? definer : "the program itself");
  line.Add(
      ", before libheapline.so: what it does not take from the next malloc is "
      "not traced");
  if (definer[0] != '\0') line.Add(" (put libheapline.so first in LD_PRELOAD)");
  Say(Severity::kError, line);
}

// ---- Start.

void MakeForkWitness() {
  constexpr int kWipeOnFork = 18;  // MADV_WIPEONFORK
  Witness* page =
      static_cast<Witness*>(MapPages(kPageBytes, PageUse::kEssential));
  if (page == nullptr) return;
  if (sys::Call(SYS_madvise, sys::Arg(page), kPageBytes, kWipeOnFork) != 0) {
    UnmapPages(page, kPageBytes);
    return;
  }
  UseWitnessPage(page);
}

void AtExit(void*) { ProcessEnds(); }

// The last handler before fork() and the first after it. Once the program
// restricts its calls no window is opened any more.
void BeforeFork() {
  if (!tracer.calls_restricted) CloseWindowsBeforeFork();
}
void AfterForkInParent() {
  if (!tracer.calls_restricted) AllowWindowsAfterFork();
}

// After fork(), before the program goes on; a raw clone is noticed by the next
// hook instead.
void AfterForkInChild() {
  ForgetDescriptorWindows();
  if (!IsTraced()) return;
  // Without a page that wipes itself this is the one place that tells.
  if (witness == &plain_witness) plain_witness = {0, 0};
  BecomeForkedProcess();
}

// Registered before anybody else, so that they run last of all.
void RegisterHandlers() {
  using Register = int (*)(void (*)(void*), void*, void*);
  using RegisterQuick = int (*)(void (*)(void*), void*);
  using RegisterFork = int (*)(void (*)(), void (*)(), void (*)(), void*);
  if (auto at_exit =
          reinterpret_cast<Register>(dlsym(RTLD_NEXT, "__cxa_atexit"))) {
    at_exit(&AtExit, nullptr, nullptr);
  }
  if (auto at_quick_exit = reinterpret_cast<RegisterQuick>(
          dlsym(RTLD_NEXT, "__cxa_at_quick_exit"))) {
    at_quick_exit(&AtExit, nullptr);
  }
  if (auto at_fork = reinterpret_cast<RegisterFork>(
          dlsym(RTLD_NEXT, "__register_atfork"))) {
    at_fork(&BeforeFork, &AfterForkInParent, &AfterForkInChild, nullptr);
  }
  ForgetLookupError();
}

// What is mapped at start and one piece of the live table: with less nothing
// at all could be recorded.
constexpr uint64_t kLeastCeiling = uint64_t{40} << 20;

bool CeilingIsEnough() {
  const uint64_t ceiling = tracer.options.max_memory;
  if (ceiling == 0 || ceiling >= kLeastCeiling) return true;
  Line line;
  line.Add("max_memory=").ByteCount(ceiling);
  line.Add(
      " is too little for the tracer's tables: this process is not "
      "traced (give ");
  line.ByteCount(kLeastCeiling).Add(" or more)");
  Say(Severity::kError, line);
  return false;
}

bool MakeTables() {
  InitializeReadableMemory();
  InitializeThreadMemory();
  InitializeLeaderFrame();
  return tracer.blocks.Initialize() && InitializeModules() &&
         InitializeCallTree() && InitializeCapture();
}

// False: the kernel does not tell who this is.
bool NoteProcess() {
  const long pid = sys::GetPid();
  if (sys::Failed(pid) || sys::Failed(sys::GetTid())) return false;
  tracer.pid = static_cast<int32_t>(pid);
  tracer.start_ns = MonotonicNs();
  tracer.start_realtime_ns = RealtimeNs();
  return true;
}

// The mode after start.
Mode Start() {
  const bool is_found = ReadInitialBlock([] {
    void* const* end =
        static_cast<void* const*>(FindSymbol("__libc_stack_end"));
    return end == nullptr ? nullptr : *end;
  }());
  if (!is_found || process_facts.is_secure) {
    // Not a word either: a privileged program is left entirely alone.
    tracer.options.quiet = true;
    ResolveNext();
    return Mode::kAside;
  }
  InitializeClock(process_facts.vdso);
  NoteStandardError();
  NoteExecutable();
  ReadOptions();
  const bool is_known = NoteProcess();
  if (!is_known) {
    Say(Severity::kError,
        "the kernel refuses getpid or gettid: this process is not traced");
  }
  if (!ResolveNext() || !is_known || HasReasonToStepAside())
    return Mode::kAside;
  RegisterHandlers();
  NoteOutputPath(tracer.options.out);
  MakeForkWitness();
  if (!CeilingIsEnough()) return Mode::kAside;
  if (!MakeTables()) {
    Say(Severity::kError,
        "no memory for the tracer's tables: this process is not traced");
    return Mode::kAside;
  }
  TellForeignMalloc();
  InitializeCallDeadlines();
  InstallReservedSignal();
  ArmTriggers();
  MakeControlPage();
  return tracer.options.start ? Mode::kTracing : Mode::kForwarding;
}

__attribute__((constructor)) void StartWithLibrary() { StartTracer(); }

// ---- Fork.

// Epochs count from the start of this process: what was born in the parent is
// as old as the process.
void RestartEpochs() {
  const Epoch last = CurrentEpoch();
  for (uint32_t epoch = 0; epoch <= last; ++epoch) {
    const_cast<EpochRecord&>(EpochAt(static_cast<Epoch>(epoch))) =
        EpochRecord{};
  }
  AdvanceEpoch(tracer.start_ns, 0);
}

// Threads that are not in the copy may have been inside a hook: what they held
// in their hands is live here and nobody will enter it any more.
void EnterBlocksOfLostThreads() {
  for (ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    if (thread != current_thread && thread->guard != 0) {
      EnterInFlightBlocks(thread);
    }
  }
}

bool EnvironmentPreloadsUs(char* const* environment) {
  if (environment == nullptr) return false;
  for (; *environment != nullptr; ++environment) {
    if (StartsWith(*environment, "LD_PRELOAD=") &&
        Contains(*environment, "libheapline")) {
      return true;
    }
  }
  return false;
}

}  // namespace

void StartTracer() {
  if (CurrentMode() != Mode::kUnset || !TakeStart()) return;
  const Mode mode = Start();
  EndBootstrap();
  // A plain forward asks for what the program asked for.
  if (mode == Mode::kAside) tracer.min_request = 0;
  SetMode(mode);
}

void BecomeForkedProcess() {
  const KernelSignalSet mask = BlockAllSignals();
  if (!IsUnannouncedForkCopy()) {  // announced meanwhile
    SetSignalMask(mask);
    return;
  }
  // The parent's page first, in memory and out of reach.
  DetachControlPage();
  AnnounceForkCopy();
  ForgetDescriptorWindows();
  ForgetSnapshots();
  EnterBlocksOfLostThreads();
  KeepOnlyCallingThread();
  ForgetMappedRegionsLock();
  ForgetProgramNotesLock();
  const bool is_known = NoteProcess();
  RestartEpochs();
  end_state = kRunning;
  tracer.lost_snapshots = 0;
  if (!is_known) {
    Say(Severity::kError,
        "the kernel refuses getpid or gettid: a forked copy is not traced");
  }
  if (is_known && FollowsForkedCopy()) {
    ArmTriggers();
    MakeControlPage();
  } else {
    GiveSignalsBack();
    SetMode(Mode::kAside);
  }
  SetSignalMask(mask);
}

bool IsVforkChild() {
  if (IsUnannouncedForkCopy()) return false;
  const long pid = sys::GetPid();
  return !sys::Failed(pid) && pid != tracer.pid;
}

void RestrictCalls() {
  if (!IsTraced() || IsVforkChild()) return;
  AwaitWriter();
  StopAskingForPages();
  DisarmTimers();
  RemoveControlPage();
  tracer.calls_restricted = true;
}

void ProcessEnds() {
  if (!IsTraced() || tracer.calls_restricted) return;
  if (IsUnannouncedForkCopy()) BecomeForkedProcess();
  if (!IsTraced() || IsVforkChild()) return;
  const uint32_t tid = static_cast<uint32_t>(sys::GetTid());
  uint32_t expected = kRunning;
  if (__atomic_compare_exchange_n(&end_state, &expected, kEnding, false,
                                  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    __atomic_store_n(&ender_tid, tid, __ATOMIC_RELAXED);
    if (tracer.options.at_exit) {
      SnapshotRequest request = {};
      request.reason = Reason::kExit;
      request.wait_until_written = true;
      CutSnapshot(request);
    }
    // Whoever is cutting now is awaited below; nobody begins after this.
    const bool is_locked = LockSnapshots();
    __atomic_store_n(&end_state, kEnded, __ATOMIC_RELEASE);
    if (is_locked) UnlockSnapshots();
    DisarmTimers();
  }
  // Another thread's snapshot must not be lost by this one's _exit.
  while (__atomic_load_n(&end_state, __ATOMIC_ACQUIRE) == kEnding &&
         __atomic_load_n(&ender_tid, __ATOMIC_RELAXED) != tid) {
    const struct timespec time = {0, 1000000};
    sys::Call(SYS_nanosleep, sys::Arg(&time), 0);
  }
  AwaitWriter();
  RemoveControlPage();
}

bool ProcessHasEnded() {
  return __atomic_load_n(&end_state, __ATOMIC_ACQUIRE) == kEnded;
}

ExecToken BeforeExec(char* const* environment) {
  if (!IsTraced() || tracer.calls_restricted) return {false};
  if (IsUnannouncedForkCopy()) BecomeForkedProcess();
  if (!IsTraced() || IsVforkChild()) return {false};
  AwaitWriter();
  if (!LockSnapshots()) return {false};
  DisarmTimers();
  RemoveControlPage();
  if (HoldsReservedSignal()) {
    FlushReservedSignal();
    if (!EnvironmentPreloadsUs(environment)) SetReservedSignalDefault();
  }
  ReleaseSignals();
  LetSignalsInUnderLock();
  return {true};
}

void AfterFailedExec(ExecToken token) {
  if (!token.armed) return;
  ShutSignalsOutUnderLock();
  RetakeSignals();
  if (!ReservedSignalIsClaimed()) InstallReservedSignal();
  MakeControlPage();
  ArmTriggers();
  UnlockSnapshots();
}

}  // namespace heapline
