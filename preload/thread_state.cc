#include "preload/thread_state.h"

#include <errno.h>
#include <sys/prctl.h>

#include "preload/heap_totals.h"
#include "preload/pages.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {

__thread ThreadState* current_thread __attribute__((tls_model("initial-exec")));

namespace {

// All states ever made; grows only.
ThreadState* first_state;
// Where the search for a dead thread's state goes on.
ThreadState* search_hint;
// States looked at per new thread: two would already let the number of states
// settle near the number of threads alive at once.
constexpr int kCandidates = 8;

// States by tid: a new thread that has the tid of a state's thread proves that
// thread dead. Direct-mapped; a lost slot only delays reuse.
constexpr size_t kTidSlots = 4096;
ThreadState* state_by_tid[kTidSlots];

uintptr_t ThreadPointer() {
  uintptr_t thread_pointer;
  __asm__("mov %%fs:0, %0" : "=r"(thread_pointer));
  return thread_pointer;
}

bool IsDead(const ThreadState* state) {
  const int32_t tid = state->tid;
  if (tid == 0) return true;
  return sys::TgKill(tracer.pid, tid, 0) == -ESRCH;
}

// Takes the state from its dead thread: the one whose exchange succeeds owns
// it.
bool TakeOver(ThreadState* state, int32_t dead_tid, int32_t tid) {
  return state->tid.Exchange(dead_tid, tid);
}

ThreadState* ReuseState(int32_t tid) {
  ThreadState* same =
      __atomic_load_n(&state_by_tid[tid % kTidSlots], __ATOMIC_ACQUIRE);
  if (same != nullptr && TakeOver(same, tid, tid)) return same;
  ThreadState* candidate = __atomic_load_n(&search_hint, __ATOMIC_RELAXED);
  for (int i = 0; i < kCandidates; ++i) {
    if (candidate == nullptr) candidate = FirstThreadState();
    if (candidate == nullptr) return nullptr;
    const int32_t old_tid = candidate->tid;
    // Once the program restricts its calls nobody may be asked about.
    if (!tracer.calls_restricted && IsDead(candidate) &&
        TakeOver(candidate, old_tid, tid)) {
      __atomic_store_n(&search_hint, candidate->next, __ATOMIC_RELAXED);
      return candidate;
    }
    candidate = candidate->next;
  }
  __atomic_store_n(&search_hint, candidate, __ATOMIC_RELAXED);
  return nullptr;
}

ThreadState* MakeState(int32_t tid) {
  ThreadState* state = static_cast<ThreadState*>(
      MapPages(sizeof(ThreadState), PageUse::kEssential));
  if (state == nullptr) return nullptr;
  state->tid = tid;
  BeginBatch(state, 1);
  ThreadState* head = __atomic_load_n(&first_state, __ATOMIC_RELAXED);
  do {
    state->next = head;
  } while (!__atomic_compare_exchange_n(&first_state, &head, state, true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
  return state;
}

// What belongs to the thread and not to the totals starts anew. The caches
// stay: what they say is true of the process, whichever thread asks.
void ResetForThread(ThreadState* state) {
  state->guard = 0;
  state->in_next = 0;
  state->unrecorded = 0;
  state->park_requested = 0;
  state->guard_frame = 0;
  state->thread_pointer = ThreadPointer();
  state->thread_node = 0;
  SetBaseNode(state, 0);
  state->lost_scopes = 0;
  state->name_changed = false;
  state->start_routine = 0;
  state->in_flight = InFlight{};
  state->last_allocation = 0;
  state->bytes_until_sample = 0;
  state->window = ReadableWindow{};
  state->own_stack_end = 0;
}

}  // namespace

ThreadState* AttachThread() {
  const int32_t tid = static_cast<int32_t>(sys::GetTid());
  if (tid <= 0) return nullptr;
  ThreadState* state = ReuseState(tid);
  if (state == nullptr) state = MakeState(tid);
  if (state == nullptr) return nullptr;
  ResetForThread(state);
  if (state->random_state == 0) {
    state->random_state =
        (reinterpret_cast<uintptr_t>(state) ^ tracer.start_ns) | 1;
  }
  __atomic_store_n(&state_by_tid[tid % kTidSlots], state, __ATOMIC_RELEASE);
  current_thread = state;
  return state;
}

ThreadState* FirstThreadState() {
  return __atomic_load_n(&first_state, __ATOMIC_ACQUIRE);
}

ThreadState* ThreadStateOf(int32_t tid) {
  ThreadState* state =
      __atomic_load_n(&state_by_tid[tid % kTidSlots], __ATOMIC_ACQUIRE);
  if (state != nullptr && state->tid == tid) return state;
  for (state = FirstThreadState(); state != nullptr; state = state->next) {
    if (state->tid == tid) return state;
  }
  return nullptr;
}

void KeepOnlyCallingThread() {
  ThreadState* own = current_thread;
  const int32_t tid = static_cast<int32_t>(sys::GetTid());
  for (ThreadState* state = FirstThreadState(); state != nullptr;
       state = state->next) {
    state->tid = state == own ? tid : 0;
    if (state != own) {
      state->guard = 0;
      state->in_next = 0;
      state->in_flight = InFlight{};
    }
    state->park_requested = 0;
  }
  for (ThreadState*& state : state_by_tid) state = nullptr;
  if (own != nullptr) state_by_tid[tid % kTidSlots] = own;
}

}  // namespace heapline
