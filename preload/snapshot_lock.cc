// The lock that orders cuts, exec and exit. Its holder runs with all signals
// blocked, so that no handler can want it again in the same thread. A thread
// that waits for it answers a stop in between: it has the reserved signal
// blocked and would otherwise hold up the very thread that it waits for.
#include <time.h>

#include "preload/reserved_signal.h"
#include "preload/snapshot.h"
#include "preload/stop_world.h"
#include "preload/sys.h"

namespace heapline {
namespace {

// The holder's thread id, 0 when free: what waiters wait on.
uint32_t owner_tid;
KernelSignalSet mask_before;  // the holder's

bool TryTake(uint32_t tid) {
  uint32_t expected = 0;
  return __atomic_compare_exchange_n(&owner_tid, &expected, tid, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

}  // namespace

bool TryLockSnapshots() {
  const KernelSignalSet mask = BlockAllSignals();
  if (!TryTake(static_cast<uint32_t>(sys::GetTid()))) {
    SetSignalMask(mask);
    return false;
  }
  mask_before = mask;
  return true;
}

bool LockSnapshots() {
  const KernelSignalSet mask = BlockAllSignals();
  const uint32_t tid = static_cast<uint32_t>(sys::GetTid());
  while (!TryTake(tid)) {
    const uint32_t owner = __atomic_load_n(&owner_tid, __ATOMIC_RELAXED);
    if (owner == tid) {
      SetSignalMask(mask);
      return false;
    }
    if (owner == 0) continue;
    StandStillIfAsked();
    const struct timespec time = {0, 1000000};
    sys::FutexWait(&owner_tid, owner, &time, false);
  }
  mask_before = mask;
  return true;
}

void UnlockSnapshots() {
  const KernelSignalSet mask = mask_before;
  __atomic_store_n(&owner_tid, 0, __ATOMIC_RELEASE);
  sys::FutexWake(&owner_tid, 1, false);
  SetSignalMask(mask);
}

void LetSignalsInUnderLock() { SetSignalMask(mask_before); }

void ShutSignalsOutUnderLock() { mask_before = BlockAllSignals(); }

void ForgetSnapshotLockOwner() {
  __atomic_store_n(&owner_tid, 0, __ATOMIC_RELEASE);
}

}  // namespace heapline
