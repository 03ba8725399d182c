#include "preload/trigger.h"

#include <time.h>

#include "heapline/control_page.h"
#include "preload/clock.h"
#include "preload/control.h"
#include "preload/dispositions.h"
#include "preload/heap_totals.h"
#include "preload/kept_files.h"
#include "preload/lifecycle.h"
#include "preload/memory_limits.h"
#include "preload/message.h"
#include "preload/pages.h"
#include "preload/stop_world.h"
#include "preload/sys.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

constexpr uint64_t kSecondNs = 1000000000u;
// Below this growth in percent and the peak mean nothing but noise.
constexpr int64_t kLeastGrowthBase = 1 << 20;
constexpr int64_t kLeastPeakStep = 64 << 10;
// Where there is no limit near_limit looks for one again after this growth.
constexpr int64_t kUnlimitedStep = 64 << 20;

// All atomic; a compare-and-swap decides which of several threads cuts.
struct Armed {
  bool is_any;          // a threshold is asked for at all
  int64_t growth_base;  // live bytes at the last automatic snapshot
  int64_t kept_peak;    // live bytes at the last peak snapshot
  uint32_t above_is_armed;
  uint32_t near_is_armed;
  uint32_t refusal_is_new;  // no block has been dropped yet
  int64_t next_limit_look;  // live bytes at which to read the limits again
  uint64_t next_interval_ns;
};
Armed armed;

int32_t armed_pid;  // the process that all of this is about
bool timer_exists;
int timer_id;

// What waits for the end of the hook that it came in.
enum Deferred : uint32_t { kDeferredTick = 1, kDeferredSignal = 2 };
uint32_t deferred;

template <typename T>
T Load(const T* word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
template <typename T>
void Store(T* word, T value) {
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
template <typename T>
bool Take(T* word, T expected, T desired) {
  return __atomic_compare_exchange_n(word, &expected, desired, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

bool IsTraced() {
  const Mode mode = CurrentMode();
  return (mode == Mode::kTracing || mode == Mode::kForwarding) &&
         !tracer.calls_restricted;
}

// False: an earlier snapshot is still being written. Nobody waits for an
// automatic one: it comes again at the next look.
bool Cut(Reason reason, const void* context) {
  SnapshotRequest request = {};
  request.reason = reason;
  request.leader_context = context;
  request.never_clone = reason == Reason::kNearLimit;
  return CutSnapshot(request) != SnapshotResult::kBusy;
}

// The same, and growth is counted from here.
bool CutAutomatic(Reason reason, const void* context, int64_t live_bytes) {
  if (!Cut(reason, context)) return false;
  Store(&armed.growth_base, live_bytes);
  return true;
}

void LookAtInterval(uint64_t now, const void* context, int64_t live_bytes) {
  const uint64_t interval = tracer.options.interval;
  if (interval == 0) return;
  const uint64_t due = Load(&armed.next_interval_ns);
  if (now < due) return;
  const uint64_t missed = (now - due) / interval;
  const uint64_t next = due + (missed + 1) * interval;
  if (Take(&armed.next_interval_ns, due, next) &&
      !CutAutomatic(Reason::kInterval, context, live_bytes)) {
    Take(&armed.next_interval_ns, next, due);
  }
}

void LookAtGrowth(int64_t live_bytes, const void* context) {
  const GrowthStep step = tracer.options.growth;
  if (step.bytes == 0 && step.percent == 0) return;
  const int64_t base = Load(&armed.growth_base);
  int64_t wanted = static_cast<int64_t>(step.bytes);
  if (step.percent != 0) {
    const int64_t from = base > kLeastGrowthBase ? base : kLeastGrowthBase;
    wanted = from / 100 * static_cast<int64_t>(step.percent);
    wanted += from - base;
  }
  if (live_bytes - base < wanted) return;
  if (Take(&armed.growth_base, base, live_bytes) &&
      !Cut(Reason::kGrowth, context)) {
    Take(&armed.growth_base, live_bytes, base);
  }
}

void LookAtAbove(int64_t live_bytes, const void* context) {
  const uint64_t above = tracer.options.above;
  if (above == 0) return;
  const uint64_t live = live_bytes > 0 ? static_cast<uint64_t>(live_bytes) : 0;
  if (live > above) {
    if (Load(&armed.above_is_armed) != 0 &&
        Take(&armed.above_is_armed, 1u, 0u) &&
        !CutAutomatic(Reason::kAbove, context, live_bytes)) {
      Store(&armed.above_is_armed, 1u);
    }
  } else if (live < above - above / 10) {
    if (Load(&armed.above_is_armed) == 0) Store(&armed.above_is_armed, 1u);
  }
}

void LookAtPeak(int64_t live_bytes, const void* context) {
  if (!tracer.options.peak) return;
  const int64_t kept = Load(&armed.kept_peak);
  const int64_t step = kept / 20 > kLeastPeakStep ? kept / 20 : kLeastPeakStep;
  if (live_bytes - kept < step) return;
  if (Take(&armed.kept_peak, kept, live_bytes) &&
      !CutAutomatic(Reason::kPeak, context, live_bytes)) {
    Take(&armed.kept_peak, live_bytes, kept);
  }
}

bool LimitsAreLookedAt() {
  return tracer.options.near_limit != 0 && Load(&armed.near_is_armed) != 0;
}

void CutNearLimit(int64_t live_bytes, const void* context) {
  if (Take(&armed.near_is_armed, 1u, 0u) &&
      !CutAutomatic(Reason::kNearLimit, context, live_bytes)) {
    Store(&armed.next_limit_look, live_bytes);
    Store(&armed.near_is_armed, 1u);
  }
}

void LookAtLimits(int64_t live_bytes, const void* context) {
  if (!LimitsAreLookedAt()) return;
  MemoryLimit limit;
  if (!FindNearestMemoryLimit(&limit)) {
    // The timer looks again; allocations need not, each time.
    Store(&armed.next_limit_look, live_bytes + kUnlimitedStep);
    return;
  }
  const uint64_t headroom = limit.used_bytes < limit.limit_bytes
                                ? limit.limit_bytes - limit.used_bytes
                                : 0;
  Store(&armed.next_limit_look,
        live_bytes + static_cast<int64_t>(headroom / 16));
  if (headroom <= limit.limit_bytes / 100 * tracer.options.near_limit ||
      LimitsRefusedPages()) {
    CutNearLimit(live_bytes, context);
  }
}

void MakeTimer() {
  const uint64_t interval = tracer.options.interval;
  const uint64_t near = tracer.options.near_limit != 0 ? kSecondNs : 0;
  const uint64_t period =
      interval == 0 || (near != 0 && near < interval) ? near : interval;
  if (period == 0 || timer_exists || ReservedSignalIsClaimed()) return;
  struct sigevent event = {};
  // For the main thread alone: a signal for the whole process wakes one thread
  // and may be taken by another, and the first one's epoll_wait then fails with
  // EINTR without a handler that could make good for it.
  event.sigev_notify = SIGEV_THREAD_ID;
  event._sigev_un._tid = tracer.pid;
  event.sigev_signo = tracer.options.reserved_signal;
  event.sigev_value.sival_ptr =
      reinterpret_cast<void*>(uint64_t{HL_SIGNAL_MAGIC} << 32);
  long result = sys::Call(SYS_timer_create, CLOCK_MONOTONIC, sys::Arg(&event),
                          sys::Arg(&timer_id));
  if (result == 0) {
    const struct timespec step = {static_cast<time_t>(period / kSecondNs),
                                  static_cast<long>(period % kSecondNs)};
    const struct itimerspec times = {step, step};
    timer_exists = true;
    result = sys::Call(SYS_timer_settime, timer_id, 0, sys::Arg(&times), 0);
  }
  if (result != 0) {
    Line line;
    line.Add("cannot make the timer of interval and near_limit: ")
        .Error(-result)
        .Add("; they are looked at when the program allocates only");
    Say(Severity::kError, line);
  }
}

int64_t LiveBytesNow() { return TotalsNow().live_bytes; }

void Tick(const void* context) {
  const uint64_t now = MonotonicNs();
  RefreshControlPage(now);
  const int64_t live_bytes = LiveBytesNow();
  LookAtLimits(live_bytes, context);
  LookAtInterval(now, context, live_bytes);
  ReapWriter();
}

void ArmThresholds() {
  const Options& options = tracer.options;
  armed = Armed{};
  armed.above_is_armed = 1;
  armed.near_is_armed = 1;
  armed.refusal_is_new = 1;
  armed.growth_base = LiveBytesNow();
  armed.next_interval_ns = MonotonicNs() + options.interval;
  armed.is_any = options.growth.bytes != 0 || options.growth.percent != 0 ||
                 options.above != 0 || options.near_limit != 0 ||
                 options.peak || options.interval != 0;
}

// Whether the calling thread is inside a hook, whose tables are half written:
// the work is then left to the hook's end.
bool Defer(uint32_t what) {
  ThreadState* thread = current_thread;
  if (thread == nullptr || thread->guard == 0) return false;
  __atomic_or_fetch(&deferred, what, __ATOMIC_RELAXED);
  thread->park_requested = 1;
  return true;
}

}  // namespace

void ArmTriggers() {
  NoteStandardError();
  // After a failed exec all is as it was; in a forked copy all of it is the
  // parent's.
  if (armed_pid != tracer.pid) {
    armed_pid = tracer.pid;
    timer_exists = false;
    deferred = 0;
    ForgetKeptFiles();
    ForgetMemoryLimitReader();
    ArmThresholds();
  }
  TakeSignals();
  MakeTimer();
}

void DisarmTimers() {
  if (!timer_exists) return;
  timer_exists = false;
  sys::Call(SYS_timer_delete, timer_id);
}

void TriggerTick(const void* ucontext) {
  if (!IsTraced() || IsUnannouncedForkCopy()) return;
  if (Defer(kDeferredTick)) return;
  Tick(ucontext);
}

void OnTriggerSignal(int number, siginfo_t* info, void* ucontext) {
  if (IsTraced() && !IsUnannouncedForkCopy() && !IsVforkChild() &&
      !Defer(kDeferredSignal)) {
    Cut(Reason::kSignal, ucontext);
  }
  switch (CallProgramHandler(number, info, ucontext)) {
    case ProgramHandler::kCalled:
      return;
    case ProgramHandler::kIgnored:
      break;
    case ProgramHandler::kDefault:
      // Asked for as a trigger, an otherwise unused signal must not end the
      // program; those by which programs are told to end still do.
      if (number == SIGTERM || number == SIGINT || number == SIGHUP ||
          number == SIGQUIT || number == SIGABRT) {
        RunDeferredTriggers();
        AwaitWriter();
        EndByDefault(number, info);
        return;
      }
      break;
  }
  RestartInterruptedCall(ucontext, 0);
}

void RunDeferredTriggers() {
  if (IsTraced()) AnswerRequest(nullptr);
  if (Load(&deferred) == 0) return;
  const uint32_t what = __atomic_exchange_n(&deferred, 0, __ATOMIC_ACQ_REL);
  if (!IsTraced()) return;
  if ((what & kDeferredSignal) != 0) Cut(Reason::kSignal, nullptr);
  if ((what & kDeferredTick) != 0) Tick(nullptr);
}

void LookAtThresholds(int64_t live_bytes, uint64_t monotonic_ns) {
  if (__builtin_expect(!armed.is_any, 1) || !IsTraced()) return;
  LookAtAbove(live_bytes, nullptr);
  LookAtPeak(live_bytes, nullptr);
  LookAtGrowth(live_bytes, nullptr);
  if (live_bytes >= Load(&armed.next_limit_look)) {
    LookAtLimits(live_bytes, nullptr);
  }
  LookAtInterval(monotonic_ns, nullptr, live_bytes);
}

void LookAtRefusal() {
  // Once: where nothing can be cut just now the timer tries again.
  if (LimitsAreLookedAt() && LimitsRefusedPages() && IsTraced() &&
      Take(&armed.refusal_is_new, 1u, 0u)) {
    CutNearLimit(LiveBytesNow(), nullptr);
  }
}

void NoteAutomaticFile(Reason reason, const char* path) {
  if (tracer.calls_restricted) return;
  switch (reason) {
    case Reason::kPeak:
      KeepAsPeak(path);
      break;
    case Reason::kInterval:
    case Reason::kGrowth:
    case Reason::kAbove:
    case Reason::kNearLimit:
      KeepNewest(path, tracer.options.keep);
      break;
    default:
      break;  // asked for by somebody, or the last one: never deleted
  }
}

}  // namespace heapline
