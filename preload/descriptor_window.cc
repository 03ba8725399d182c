#include "preload/descriptor_window.h"

#include <stdint.h>
#include <time.h>

#include "preload/stop_world.h"
#include "preload/sys.h"

namespace heapline {
namespace {

// Thread ids of those who have a window open; 0: a free place.
constexpr int kPlaces = 8;
int32_t open_windows[kPlaces];
// fork()s under way. Each side raises its own word first and looks at the
// other's then, so that one of two who come together sees the other.
uint32_t forks;

constexpr int kWaits = 200;  // of 5 ms each
constexpr int kShortWaits = 20;

void WaitForChange(const uint32_t* word, uint32_t value) {
  const struct timespec time = {0, 5000000};
  sys::FutexWait(word, value, &time, false);
}

int32_t* TakePlace(int32_t tid) {
  for (int32_t& place : open_windows) {
    int32_t expected = 0;
    if (__atomic_compare_exchange_n(&place, &expected, tid, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
      return &place;
    }
  }
  return nullptr;
}

void GivePlaceBack(int32_t* place) {
  if (place == nullptr) return;
  __atomic_store_n(place, 0, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&forks, __ATOMIC_SEQ_CST) != 0) {
    sys::FutexWake(place, INT32_MAX, false);
  }
}

}  // namespace

DescriptorWindow::DescriptorWindow() {
  const int32_t tid = static_cast<int32_t>(sys::GetTid());
  for (int i = 0;; ++i) {
    place_ = TakePlace(tid);
    const uint32_t under_way = __atomic_load_n(&forks, __ATOMIC_SEQ_CST);
    if (under_way == 0 || i == kShortWaits) return;
    GivePlaceBack(place_);
    // The fork may be waiting for a stop that is asked of us.
    StandStillIfAsked();
    WaitForChange(&forks, under_way);
  }
}

DescriptorWindow::~DescriptorWindow() { GivePlaceBack(place_); }

void CloseWindowsBeforeFork() {
  __atomic_add_fetch(&forks, 1, __ATOMIC_SEQ_CST);
  const int32_t own = static_cast<int32_t>(sys::GetTid());
  int waits = 0;
  for (const int32_t& place : open_windows) {
    for (;;) {
      const int32_t tid = __atomic_load_n(&place, __ATOMIC_SEQ_CST);
      // A handler that forks inside its own thread's window: nothing helps.
      if (tid == 0 || tid == own || ++waits > kWaits) break;
      WaitForChange(reinterpret_cast<const uint32_t*>(&place),
                    static_cast<uint32_t>(tid));
    }
  }
}

void AllowWindowsAfterFork() {
  if (__atomic_sub_fetch(&forks, 1, __ATOMIC_SEQ_CST) == 0) {
    sys::FutexWake(&forks, INT32_MAX, false);
  }
}

void ForgetDescriptorWindows() {
  for (int32_t& place : open_windows) {
    __atomic_store_n(&place, 0, __ATOMIC_RELAXED);
  }
  __atomic_store_n(&forks, 0, __ATOMIC_RELAXED);
}

}  // namespace heapline
