// thread_state.h: what the shim keeps of a thread, in a mapping of its own:
// guard, park request, caches, batched totals. Reached through one
// initial-exec TLS pointer; listed for ever in one global list (so that a
// snapshot finds the states of all threads, dead ones too); a dead thread's
// state is taken over by a new thread, totals and all.
//
// Only the owning thread writes its state, but for `park_requested`; the
// snapshot's child reads all of them when everybody stands still. Caches may be
// used only while guard == 1 (the outermost hook): a signal handler that
// allocates inside a hook sees guard > 1 and takes the paths without caches.
#ifndef HEAPLINE_PRELOAD_THREAD_STATE_H_
#define HEAPLINE_PRELOAD_THREAD_STATE_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/call_tree.h"
#include "preload/cfi_rules.h"

namespace heapline {

// A realloc or a late record that a thread was stopped in the middle of.
struct InFlight {
  uintptr_t old_address;  // given to the real realloc, not yet known freed
  uint64_t old_bytes;
  NodeId old_node;
  uintptr_t new_address;  // returned by the real call, not yet in the table
  uint64_t new_bytes;
};

// [low, high) of stack memory that was found readable (readable_memory.h).
struct ReadableWindow {
  uintptr_t low;
  uintptr_t high;
  uint64_t generation;
};

// A word that a signal handler of its thread, or another thread, may look at or
// change meanwhile: each load and store is one instruction, and no more.
template <typename T>
class Relaxed {
 public:
  operator T() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
  T operator=(T value) {
    __atomic_store_n(&value_, value, __ATOMIC_RELAXED);
    return value;
  }
  Relaxed& operator=(const Relaxed& other) {
    *this = static_cast<T>(other);
    return *this;
  }
  // Seen by every thread before anything that comes after it.
  void StoreFirst(T value) {
    (void)__atomic_exchange_n(&value_, value, __ATOMIC_SEQ_CST);
  }
  // False: it was not `expected`.
  bool Exchange(T expected, T value) {
    return __atomic_compare_exchange_n(&value_, &expected, value, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  }

 private:
  T value_;
};

struct ThreadState {
  // Hooks running in this thread: 0 outside, 1 in one, more when a signal
  // handler or the allocator itself re-entered.
  Relaxed<uint32_t> guard;
  Relaxed<uint32_t> in_next;         // 1 while the real function runs
  Relaxed<uint32_t> park_requested;  // set by the stop handler; see stop_world
  uintptr_t guard_frame;             // frame address of the outermost hook
  Relaxed<uint32_t> unrecorded;      // > 0: inside libunwind for us; hooks of
                                     // this thread forward only

  Relaxed<int32_t> tid;      // 0: nobody's
  ThreadState* next;         // in the global list; set once
  uintptr_t thread_pointer;  // fs base: tells a thread's own TLS and stack

  NodeId thread_node;          // kind thread; 0: not made yet
  NodeId base_node;            // thread_node or the innermost open scope;
                               // changed by SetBaseNode alone
  uint32_t lost_scopes;        // open scopes without a node of their own
  Relaxed<bool> name_changed;  // re-intern thread_node at the next capture;
                               // set by NoteNameChanged alone
  // depth=0: Entry::NodeBits of the node that every block goes to, which is
  // that of `stackless`. 0: a block's node is to be found.
  Relaxed<uint64_t> stackless_bits;
  uintptr_t start_routine;

  InFlight in_flight;

  // Batched process totals, read and written through heap_totals.
  uint64_t total_bytes;
  int64_t allocations_left;  // until the batch is flushed for its count
  uint64_t freed_count;      // a pool block, live by the heap block around it,
                             // counts as freed at once
  uint64_t biased_live;      // live bytes of the batch, plus flush_at
  uint64_t flush_at;         // flush when |live bytes| of the batch pass it
  uint64_t flush_span;       // 2 * flush_at
  uint64_t temporary_count;  // never flushed: of this state's threads so far

  uintptr_t last_allocation;  // for "temporary": freed before the next one

  int64_t bytes_until_sample;  // sample=N
  uint64_t random_state;

  uint64_t foreign_frees;
  uint64_t truncated_stacks;
  uint64_t captures;                     // for check=N
  struct CaptureMemory* capture_memory;  // capture.cc's: frames of a walk

  ReadableWindow window;    // of the stack it last captured from
  uintptr_t own_stack_end;  // main stack or the TCB's mapping; 0 unknown

  // Caches, outermost hook only.
  static constexpr size_t kRuleEntries = 2048;
  static constexpr size_t kChildEntries = 1024;
  static constexpr size_t kCounterEntries = 256;
  static constexpr size_t kStackEntries = 1024;
  struct RuleSlot {
    uintptr_t return_address;
    Rule rule;
  };
  struct ChildSlot {
    uint64_t address;
    NodeId parent;
    NodeId child;  // 0: empty
  };
  struct CounterSlot {
    NodeId node;  // 0: empty
    uint64_t temporary;
    uint64_t count;
    uint64_t bytes;
  };
  // Outermost hook only, like the caches. Where it has a node that node's count
  // and bytes are these plus the batch's, so that a block counts once: what the
  // batch counts for another node is taken off here.
  CounterSlot stackless;
  // Whole stacks by fingerprint (stack_walk.h).
  struct StackSlot {
    uint64_t fingerprint;
    NodeId outer;  // what the stack hangs under
    NodeId node;   // 0: empty
  };
  uint64_t rule_generation;  // rules are dropped when modules change
  RuleSlot rules[kRuleEntries];
  ChildSlot children[kChildEntries];
  CounterSlot counters[kCounterEntries];
  StackSlot stacks[kStackEntries];
};

inline void SetBaseNode(ThreadState* thread, NodeId node) {
  thread->base_node = node;
  thread->stackless_bits = 0;
}
// By any thread. In this order: see MakeStackless.
inline void NoteNameChanged(ThreadState* thread) {
  thread->name_changed.StoreFirst(true);
  thread->stackless_bits = 0;
}

// One TLS pointer; initial-exec. NULL: this thread was not seen yet.
extern __thread ThreadState* current_thread
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

// The calling thread's state, made or taken over from a dead thread. NULL: no
// memory; the hook then forwards and counts its block as dropped.
ThreadState* AttachThread();

// Head of the list of all states ever made.
ThreadState* FirstThreadState();
// The state whose thread has this tid, dead or alive, or NULL.
ThreadState* ThreadStateOf(int32_t tid);
// In a forked child: the caller's state is the only living one; the others'
// totals stay, their tids become 0.
void KeepOnlyCallingThread();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_THREAD_STATE_H_
