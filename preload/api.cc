// What heapline.h calls: one exported function that hands out a table. The
// table's functions keep errno, take the guard like every hook, and do nothing
// in a process that is not traced.
#include "heapline/heapline.h"
#include "preload/heap_totals.h"
#include "preload/hook.h"
#include "preload/labels.h"
#include "preload/message.h"
#include "preload/program_notes.h"
#include "preload/snapshot.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))

namespace heapline {
namespace {

bool IsTraced() {
  const Mode mode = CurrentMode();
  return mode == Mode::kTracing || mode == Mode::kForwarding;
}

int Cut(Reason reason, const char* label) {
  // Attaches the thread and tells a forked copy apart before the cut.
  { Hook hook(__builtin_frame_address(0)); }
  if (!IsTraced()) return -1;
  SnapshotRequest request = {};
  request.reason = reason;
  request.label = label;
  request.label_bytes = label == nullptr ? 0 : Length(label);
  if (request.label_bytes > HL_MAX_LABEL_BYTES) {
    request.label_bytes = HL_MAX_LABEL_BYTES;
  }
  request.wait_until_written = true;
  return CutSnapshot(request) == SnapshotResult::kCut ? 0 : -1;
}

int ApiSnapshot(const char* label) { return Cut(Reason::kApi, label); }

void ApiStart() {
  if (CurrentMode() == Mode::kForwarding) SetMode(Mode::kTracing);
}

void ApiStop() {
  if (CurrentMode() != Mode::kTracing) return;
  __atomic_or_fetch(&tracer.incomplete, HL_INCOMPLETE_STOPPED,
                    __ATOMIC_RELAXED);
  SetMode(Mode::kForwarding);
}

uint64_t ApiCurrent() {
  Hook hook(__builtin_frame_address(0));
  int64_t bytes = TotalsNow().live_bytes;
  // The caller's own last operations are never missing.
  if (hook.is_active()) bytes += LiveBytesDelta(hook.thread());
  return bytes < 0 ? 0 : static_cast<uint64_t>(bytes);
}

uint64_t ApiPeak() {
  const uint64_t current = ApiCurrent();
  const uint64_t peak = static_cast<uint64_t>(TotalsNow().peak_bytes);
  return peak < current ? current : peak;
}

void ApiResetPeak() {
  Hook hook(__builtin_frame_address(0));
  if (hook.is_active() && hook.thread()->guard == 1) {
    FlushTotals(hook.thread());
  }
  ResetPeak();
}

int ApiAddRoot(const void* start, size_t bytes) {
  Hook hook(__builtin_frame_address(0));
  return AddRootRegion(reinterpret_cast<uintptr_t>(start), bytes) ? 0 : -1;
}

int ApiRemoveRoot(const void* start) {
  Hook hook(__builtin_frame_address(0));
  return RemoveRootRegion(reinterpret_cast<uintptr_t>(start)) ? 0 : -1;
}

void ApiPoolAlloc(const void* pool, const void* block, size_t bytes) {
  (void)pool;
  Hook hook(__builtin_frame_address(0));
  if (!hook.is_active() || CurrentMode() != Mode::kTracing ||
      !InitializePools()) {
    return;
  }
  RecordPoolAllocation(hook.thread(), reinterpret_cast<uintptr_t>(block), bytes,
                       HEAPLINE_CALLER_CONTEXT());
}

void ApiPoolFree(const void* pool, const void* block) {
  (void)pool;
  Hook hook(__builtin_frame_address(0));
  if (!hook.is_active() || !PoolsAreUsed()) return;
  RecordPoolFree(hook.thread(), reinterpret_cast<uintptr_t>(block));
}

void ApiExpectDead(const void* block, const char* label) {
  Hook hook(__builtin_frame_address(0));
  if (!hook.is_active()) return;
  AddExpectation(reinterpret_cast<uintptr_t>(block), label);
}

// Scopes that found no room for their node: their ends must not end another.
bool HasLostScopes(ThreadState* thread) { return thread->lost_scopes != 0; }

void ApiScopeBegin(const char* name) {
  Hook hook(__builtin_frame_address(0));
  if (!hook.is_active() || hook.thread()->guard != 1) return;
  ThreadState* thread = hook.thread();
  EnsureThreadNode(thread, HEAPLINE_CALLER_CONTEXT());
  const NodeId scope =
      HasLostScopes(thread)
          ? kDroppedNode
          : InternScopeNode(thread->base_node, name == nullptr ? "" : name);
  if (scope == kDroppedNode) {
    thread->lost_scopes += 1;
  } else {
    SetBaseNode(thread, scope);
  }
}

void ApiScopeEnd() {
  Hook hook(__builtin_frame_address(0));
  if (!hook.is_active() || hook.thread()->guard != 1) return;
  ThreadState* thread = hook.thread();
  if (HasLostScopes(thread)) {
    thread->lost_scopes -= 1;
  } else if (thread->base_node != 0 &&
             NodeAt(thread->base_node).kind() == HL_NODE_SCOPE) {
    SetBaseNode(thread, NodeAt(thread->base_node).parent);
  }
}

void ApiRound() { __atomic_add_fetch(&tracer.round, 1, __ATOMIC_RELAXED); }

const heapline_api_v1 table = {
    sizeof(heapline_api_v1),
    0,
    ApiSnapshot,
    ApiStart,
    ApiStop,
    ApiCurrent,
    ApiPeak,
    ApiResetPeak,
    ApiAddRoot,
    ApiRemoveRoot,
    ApiPoolAlloc,
    ApiPoolFree,
    ApiExpectDead,
    ApiScopeBegin,
    ApiScopeEnd,
    ApiRound,
};

}  // namespace
}  // namespace heapline

HEAPLINE_EXPORT const heapline_api_v1* heapline_api(unsigned version) {
  heapline::StartTracer();
  if (version != HEAPLINE_API_VERSION || !heapline::IsTraced()) return nullptr;
  return &heapline::table;
}
