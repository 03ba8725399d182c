#include "preload/stop_world.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

#include "heapline/snapshot_format.h"
#include "preload/clock.h"
#include "preload/late_registers.h"
#include "preload/pages.h"
#include "preload/proc_files.h"
#include "preload/reserved_signal.h"
#include "preload/stop_slots.h"
#include "preload/sys.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"
#include "preload/trigger.h"

namespace heapline {
namespace {

constexpr uint64_t kMs = 1000000;
constexpr uint64_t kCareAfterNs = 2 * kMs;    // who is gone, who is held
constexpr uint64_t kForceAfterNs = 20 * kMs;  // park inside hooks too
constexpr uint64_t kGiveUpAfterNs = 200 * kMs;
// A thread that is born or ends has all signals blocked for some instructions,
// and on a busy machine may get no processor for long in the middle of them.
constexpr uint64_t kGiveUpStarvedAfterNs = 2000 * kMs;
// Less than this between two looks is no processor to speak of.
constexpr uint64_t kStarvedNs = 2 * kMs;
// The leader may be the one that got no processor.
constexpr int kLeastForcedLooks = 8;
constexpr int kMaxPasses = 1000;  // over a list that grows as we look

// Odd while a stop is under way: what stopped threads wait on.
uint32_t stop_number;
// Threads that have answered: what the leader waits on.
uint32_t answered;

StoppedThread* thread_list;
size_t thread_list_capacity;

uint32_t StopNumber() {
  return __atomic_load_n(&stop_number, __ATOMIC_ACQUIRE);
}

void WaitBriefly(const uint32_t* word, uint32_t value, uint64_t ns) {
  const struct timespec time = {0, static_cast<long>(ns)};
  sys::FutexWait(word, value, &time, false);
}

// ---- The stopped thread's side.

// Answers and waits. `context` is NULL outside of a handler.
void StandStill(uint32_t stop, StopSlot* slot, const void* context,
                uint32_t flags) {
  uintptr_t thread_pointer;
  __asm__("mov %%fs:0, %0" : "=r"(thread_pointer));
  // Callee-saved registers are on this frame, above the noted stack pointer.
  __builtin_unwind_init();
  slot->flags = flags;
  slot->registers = context;
  slot->sp = context != nullptr
                 ? ContextStackPointer(context)
                 : reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) -
                       8 * sizeof(uintptr_t);
  slot->thread_pointer = thread_pointer;
  sys::Call(SYS_prctl, PR_GET_NAME, sys::Arg(slot->name));
  if (slot->Change(stop, SlotState::kPending, SlotState::kStopped)) {
    __atomic_add_fetch(&answered, 1, __ATOMIC_RELEASE);
    sys::FutexWake(&answered, 1, false);
  } else if (!slot->Change(stop, SlotState::kHeld, SlotState::kStopped)) {
    return;  // the stop is over, or this one has answered
  } else if (context != nullptr) {
    LeaveLateRegisters(context);
  }
  // Looks again now and then: nobody must sleep on for a wake that got lost.
  while (StopNumber() == stop) WaitBriefly(&stop_number, stop, 100 * kMs);
}

// The caller's unanswered slot, and the stop's number; NULL: nobody asks.
StopSlot* OwnUnansweredSlot(uint32_t* stop) {
  *stop = StopNumber();
  if (*stop % 2 == 0) return nullptr;
  StopSlot* slot = FindStopSlot(*stop, static_cast<int32_t>(sys::GetTid()));
  if (slot == nullptr || slot->Is(*stop, SlotState::kStopped)) return nullptr;
  return slot;
}

// ---- The leader's side.

// Calls in which the caller sleeps until its child lets it go. The child runs
// on, in memory that is ours too, but is no thread of this process.
bool IsVforkCall(const WaitingCall& call) {
  constexpr uint64_t kCloneVfork = 0x4000;
  return call.number == SYS_vfork || call.number == SYS_clone3 ||
         (call.number == SYS_clone && (call.arguments[0] & kCloneVfork) != 0);
}

struct Stop {
  uint32_t number;
  int32_t leader_tid;
  bool may_signal;    // the reserved signal is ours
  uint32_t expected;  // answers
  uint64_t started_ns;
};

void Signal(const Stop& stop, StopSlot* slot) {
  if (!stop.may_signal) {
    ThreadState* thread = ThreadStateOf(slot->tid);
    if (thread != nullptr) thread->park_requested = 1;
    return;
  }
  if (sys::TgKill(tracer.pid, slot->tid, tracer.options.reserved_signal) ==
      -ESRCH) {
    if (slot->Change(stop.number, SlotState::kPending, SlotState::kHeld)) {
      slot->tid = 0;  // gone
      __atomic_add_fetch(&answered, 1, __ATOMIC_RELAXED);
    }
  }
}

// The thread is in the kernel and cannot run before it meets the signal.
void CountAsHeld(const Stop& stop, StopSlot* slot, uint32_t flags) {
  slot->flags = flags;
  slot->sp = slot->call_sp;
  if (slot->Change(stop.number, SlotState::kPending, SlotState::kHeld)) {
    __atomic_add_fetch(&answered, 1, __ATOMIC_RELAXED);
  }
}

// False: no memory for it.
bool SignalNewThread(Stop* stop, int32_t tid) {
  StopSlot* slot = AddStopSlot(stop->number, tid);
  if (slot == nullptr) return false;
  WaitingCall call;
  const bool is_waiting = ReadWaitingCall(tid, &call);
  if (is_waiting) {
    slot->call_number_plus_1 = static_cast<uint32_t>(call.number) + 1;
    slot->call_sp = call.sp;
    slot->call_pc = call.pc;
  }
  __atomic_store_n(&slot->word,
                   StopSlot::WordOf(stop->number, SlotState::kPending),
                   __ATOMIC_RELEASE);
  ++stop->expected;
  Signal(*stop, slot);
  if (is_waiting && stop->may_signal && IsVforkCall(call)) {
    CountAsHeld(*stop, slot, HL_THREAD_IN_VFORK);
  }
  return true;
}

// Signals every thread that has no slot yet. Returns how many, or -1: no list
// or no memory. Without /proc the threads that have allocated are known.
long SignalNewThreads(Stop* stop, NumberedEntries* tasks) {
  long found = 0;
  int32_t tid;
  if (tasks->is_open()) {
    tasks->Rewind();
    while (tasks->Next(&tid)) {
      if (tid == stop->leader_tid ||
          FindStopSlot(stop->number, tid) != nullptr) {
        continue;
      }
      if (!SignalNewThread(stop, tid)) return -1;
      ++found;
    }
    if (!tasks->failed()) return found;
  }
  for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    tid = thread->tid;
    if (tid == 0 || tid == stop->leader_tid ||
        FindStopSlot(stop->number, tid) != nullptr ||
        sys::TgKill(tracer.pid, tid, 0) != 0) {
      continue;
    }
    if (!SignalNewThread(stop, tid)) return -1;
    ++found;
  }
  return found;
}

// Threads that do not answer because they are dead or the kernel holds them;
// `force` also signals the others again, to park wherever they are.
void CareForUnanswered(const Stop& stop, bool force) {
  StopSlotCursor cursor = {};
  while (StopSlot* slot = NextStopSlot(stop.number, &cursor)) {
    if (!slot->Is(stop.number, SlotState::kPending)) continue;
    const char state = ReadThreadState(slot->tid);
    if (state == 'Z' || state == 'X') {
      slot->tid = 0;
      CountAsHeld(stop, slot, 0);
      continue;
    }
    if (!force && state != 'D') continue;
    // From here on it stands still even inside a hook, if it has not yet met
    // the signal: one that waits in the kernel, or gets no processor, is then
    // as good as stopped. One that has met it is on its way to its hook's end.
    __atomic_store_n(&slot->is_forced, 1, __ATOMIC_SEQ_CST);
    if (stop.may_signal &&
        SignalIsDue(slot->tid, tracer.options.reserved_signal)) {
      WaitingCall call;
      const bool is_waiting = ReadWaitingCall(slot->tid, &call);
      if (is_waiting) slot->call_sp = call.sp;
      const ThreadState* thread = ThreadStateOf(slot->tid);
      const bool is_in_hook = thread != nullptr && thread->guard != 0;
      uint32_t flags = is_in_hook ? HL_THREAD_PARKED_LATE : 0;
      if (is_waiting && IsVforkCall(call)) flags |= HL_THREAD_IN_VFORK;
      CountAsHeld(stop, slot, flags);
      continue;
    }
    if (force) Signal(stop, slot);
  }
}

// Whether an unanswered thread wants a processor, or memory to run in, and had
// hardly any since the last look. One that never ran has had none.
bool AnyIsStarved(const Stop& stop) {
  bool is_any = false;
  StopSlotCursor cursor = {};
  while (StopSlot* slot = NextStopSlot(stop.number, &cursor)) {
    if (!slot->Is(stop.number, SlotState::kPending)) continue;
    const uint64_t ran_ns = ReadRunTime(slot->tid);
    if (ran_ns - slot->ran_ns < kStarvedNs) {
      const char state = ReadThreadState(slot->tid);
      if (state == 'R' || state == 'D') is_any = true;
    }
    slot->ran_ns = ran_ns;
  }
  return is_any;
}

// Waits until all signalled threads have answered or time is up.
void AwaitAnswers(const Stop& stop) {
  uint64_t care_ns = kCareAfterNs;
  int forced_looks = 0;
  for (;;) {
    const uint32_t count = __atomic_load_n(&answered, __ATOMIC_ACQUIRE);
    if (count >= stop.expected) return;
    const uint64_t passed = MonotonicNs() - stop.started_ns;
    if (passed < care_ns) {
      WaitBriefly(&answered, count, care_ns - passed);
      continue;
    }
    const bool force = passed >= kForceAfterNs;
    const bool is_any_starved = force && AnyIsStarved(stop);
    forced_looks += force ? 1 : 0;
    if (forced_looks >= kLeastForcedLooks && passed >= kGiveUpAfterNs &&
        (!is_any_starved || passed >= kGiveUpStarvedAfterNs)) {
      return;
    }
    CareForUnanswered(stop, force);
    care_ns = passed + (force ? kForceAfterNs : kForceAfterNs - kCareAfterNs);
  }
}

bool EnsureThreadList(size_t count) {
  if (count <= thread_list_capacity) return true;
  if (thread_list != nullptr) {
    UnmapPages(thread_list, thread_list_capacity * sizeof(StoppedThread));
  }
  const size_t capacity = count + count / 2 + 64;
  thread_list_capacity = 0;
  thread_list = static_cast<StoppedThread*>(
      MapPages(capacity * sizeof(StoppedThread), PageUse::kEssential));
  if (thread_list == nullptr) return false;
  thread_list_capacity = capacity;
  return true;
}

void ListLeader(const Stop& stop, const void* context, uintptr_t sp,
                StoppedThread* leader) {
  *leader = StoppedThread();
  leader->tid = stop.leader_tid;
  leader->flags = HL_THREAD_LEADER;
  leader->registers = context;
  leader->sp = context != nullptr ? ContextStackPointer(context) : sp;
  __asm__("mov %%fs:0, %0" : "=r"(leader->thread_pointer));
  sys::Call(SYS_prctl, PR_GET_NAME, sys::Arg(leader->name));
}

void ListThread(const StopSlot& slot, StoppedWorld* world) {
  if (slot.tid == 0) return;  // gone
  StoppedThread* thread = &world->threads[world->count];
  *thread = StoppedThread();
  if (slot.State() == SlotState::kHeld &&
      (slot.flags & HL_THREAD_IN_VFORK) == 0) {
    thread->late = OpenLateRegisters(world->number, slot.tid);
  }
  // One that is held may get a processor now, and stop of itself: then it has
  // seen the place for its registers, or is known as stopped here.
  const SlotState slot_state = slot.State();
  thread->tid = slot.tid;
  if (slot_state == SlotState::kStopped) {
    thread->flags = slot.flags;
    thread->registers = slot.registers;
    thread->sp = slot.sp;
    thread->thread_pointer = slot.thread_pointer;
    __builtin_memcpy(thread->name, slot.name, sizeof thread->name);
  } else {
    const ThreadState* state = ThreadStateOf(slot.tid);
    if (state != nullptr) thread->thread_pointer = state->thread_pointer;
    thread->sp = slot.call_sp;
    thread->flags = slot.flags;
    ReadThreadName(slot.tid, thread->name);
    if (slot_state != SlotState::kHeld) {
      thread->flags |= HL_THREAD_NOT_STOPPED;
      ++world->not_stopped;
    }
  }
  ++world->count;
}

}  // namespace

bool StopWorld(const void* leader_context, uintptr_t leader_sp,
               StoppedWorld* world) {
  *world = StoppedWorld();
  Stop stop = {};
  stop.started_ns = MonotonicNs();
  stop.leader_tid = static_cast<int32_t>(sys::GetTid());
  stop.may_signal = HoldsReservedSignal();
  if (!PrepareStopSlots(64)) return false;
  __atomic_store_n(&answered, 0, __ATOMIC_RELAXED);
  CloseLateRegisters();
  stop.number = __atomic_add_fetch(&stop_number, 1, __ATOMIC_ACQ_REL);
  world->number = stop.number;
  bool is_known = true;
  {
    NumberedEntries tasks("/proc/self/task");
    for (int pass = 0; pass < kMaxPasses; ++pass) {
      const long found = SignalNewThreads(&stop, &tasks);
      is_known = found >= 0;
      if (found <= 0) break;
      AwaitAnswers(stop);
    }
    world->may_lack_threads = tasks.failed();
  }
  if (!is_known || !EnsureThreadList(stop.expected + 1)) {
    ResumeWorld();
    return false;
  }
  world->threads = thread_list;
  world->count = 1;
  ListLeader(stop, leader_context, leader_sp, &world->threads[0]);
  StopSlotCursor cursor = {};
  while (const StopSlot* slot = NextStopSlot(stop.number, &cursor)) {
    ListThread(*slot, world);
  }
  world->stop_ns = MonotonicNs() - stop.started_ns;
  return true;
}

void ResumeWorld() {
  __atomic_add_fetch(&stop_number, 1, __ATOMIC_ACQ_REL);
  sys::FutexWake(&stop_number, INT32_MAX, false);
}

bool AnswerStop(void* ucontext) {
  uint32_t stop;
  StopSlot* slot = OwnUnansweredSlot(&stop);
  if (slot == nullptr) {
    LeaveLateRegisters(ucontext);
    return false;
  }
  // Read before the slot can belong to another stop.
  const bool call_is_known = slot->call_number_plus_1 != 0 &&
                             slot->call_sp == ContextStackPointer(ucontext) &&
                             slot->call_pc == ContextProgramCounter(ucontext);
  const uint32_t call = call_is_known ? slot->call_number_plus_1 : 0;
  ThreadState* thread = current_thread;
  const bool is_in_hook = thread != nullptr && thread->guard != 0;
  if (is_in_hook && __atomic_load_n(&slot->is_forced, __ATOMIC_ACQUIRE) == 0) {
    thread->park_requested = 1;
  } else {
    StandStill(stop, slot, ucontext, is_in_hook ? HL_THREAD_PARKED_LATE : 0);
  }
  RestartInterruptedCall(ucontext, call);
  return true;
}

void StandStillIfAsked() {
  uint32_t stop;
  StopSlot* slot = OwnUnansweredSlot(&stop);
  if (slot != nullptr) StandStill(stop, slot, nullptr, 0);
}

void ParkHere() {
  ThreadState* thread = current_thread;
  if (thread != nullptr) thread->park_requested = 0;
  if (StopNumber() % 2 == 1) {
    const KernelSignalSet mask = BlockAllSignals();
    StandStillIfAsked();
    SetSignalMask(mask);
  }
  RunDeferredTriggers();
}

void ForgetStop() {
  ForgetLateRegisters();
  const uint32_t stop = StopNumber();
  if (stop % 2 == 1) __atomic_store_n(&stop_number, stop + 1, __ATOMIC_RELEASE);
}

}  // namespace heapline
