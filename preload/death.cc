// on_death: a signal that would end the program by default is first let cut a
// snapshot; then the default is put back and the signal comes again, so that
// the process ends by it as it would have (core dump, exit status, faulting
// instruction).
#include "preload/dispositions.h"
#include "preload/lifecycle.h"
#include "preload/snapshot.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

uint32_t dying;  // pid of the process whose death snapshot was begun

}  // namespace

void OnDeathSignal(int number, siginfo_t* info, void* ucontext) {
  const Mode mode = CurrentMode();
  const bool is_ours = (mode == Mode::kTracing || mode == Mode::kForwarding) &&
                       !tracer.calls_restricted && !IsUnannouncedForkCopy() &&
                       !IsVforkChild();
  if (is_ours) {
    const uint32_t pid = static_cast<uint32_t>(tracer.pid);
    if (__atomic_exchange_n(&dying, pid, __ATOMIC_ACQ_REL) != pid) {
      SnapshotRequest request = {};
      request.reason = Reason::kDeath;
      request.leader_context = ucontext;
      request.wait_until_written = true;
      request.pending_signal = number;
      CutSnapshot(request);
    } else {
      AwaitWriter();  // another thread's; let it become whole
    }
  }
  EndByDefault(number, info);
}

}  // namespace heapline
