#include "preload/call_deadline.h"

#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

#include "preload/clock.h"
#include "preload/modules.h"
#include "preload/next.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

constexpr uint64_t kSecondNs = 1000000000;
constexpr uint64_t kMsNs = 1000000;
constexpr uint32_t kEpollPwait2 = 441;  // not in every <sys/syscall.h>

uintptr_t libc_start;

// A thread's interrupted wait. `rest` is what pointer arguments point to while
// the call is made again.
struct Wait {
  int32_t tid;
  int32_t given_ms;  // the timeout that the last repetition was given
  uint64_t end_ns;   // monotonic
  struct timespec rest;
};
constexpr uint32_t kWaits = 4096;
Wait waits[kWaits];

// The thread's own slot; NULL while another living thread has it.
Wait* OwnWait() {
  const int32_t tid = static_cast<int32_t>(sys::GetTid());
  Wait* wait = &waits[static_cast<uint32_t>(tid) % kWaits];
  int32_t owner = __atomic_load_n(&wait->tid, __ATOMIC_ACQUIRE);
  if (owner == tid) return wait;
  if (owner != 0 && sys::TgKill(tracer.pid, owner, 0) == 0) return nullptr;
  return __atomic_compare_exchange_n(&wait->tid, &owner, tid, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)
             ? wait
             : nullptr;
}

uint64_t ToNs(const struct timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * kSecondNs +
         static_cast<uint64_t>(time.tv_nsec);
}

struct timespec FromNs(uint64_t ns) {
  return {static_cast<time_t>(ns / kSecondNs),
          static_cast<long>(ns % kSecondNs)};
}

bool IsSane(const struct timespec& time) {
  return time.tv_sec >= 0 && time.tv_sec < (int64_t{1} << 32) &&
         time.tv_nsec >= 0 && time.tv_nsec < static_cast<long>(kSecondNs);
}

// Timeouts in milliseconds: poll, epoll_wait. A repetition is known by the
// timeout that it was given, which is never the program's own.
void KeepMilliseconds(Wait* wait, greg_t* argument) {
  const int32_t timeout = static_cast<int32_t>(*argument);
  if (timeout <= 1) return;  // none, at once, or as good as
  const uint64_t now = MonotonicNs();
  const bool goes_on =
      wait->given_ms == timeout && wait->end_ns > now &&
      wait->end_ns - now <= static_cast<uint64_t>(timeout + 1) * kMsNs;
  if (!goes_on) wait->end_ns = now + static_cast<uint64_t>(timeout) * kMsNs;
  uint64_t rest = (wait->end_ns - now) / kMsNs;
  if (rest >= static_cast<uint64_t>(timeout)) {
    rest = static_cast<uint64_t>(timeout) - 1;
  }
  wait->given_ms = static_cast<int32_t>(rest);
  *argument = static_cast<greg_t>(rest);
}

// A relative time that the kernel only reads.
void KeepTime(Wait* wait, greg_t* argument) {
  const struct timespec* time =
      reinterpret_cast<const struct timespec*>(*argument);
  if (time == nullptr) return;
  const uint64_t now = MonotonicNs();
  if (time != &wait->rest) {
    if (!IsSane(*time)) return;
    wait->end_ns = now + ToNs(*time);
  }
  wait->rest = FromNs(wait->end_ns > now ? wait->end_ns - now : 0);
  *argument = reinterpret_cast<greg_t>(&wait->rest);
}

// nanosleep: the kernel tells the rest where it is asked to.
void KeepSleep(Wait* wait, greg_t* request, greg_t* remaining) {
  const struct timespec* rest =
      reinterpret_cast<const struct timespec*>(*remaining);
  if (rest == nullptr) {
    const struct timespec* time =
        reinterpret_cast<const struct timespec*>(*request);
    if (time == nullptr || !IsSane(*time)) return;
    wait->rest = *time;
    *remaining = reinterpret_cast<greg_t>(&wait->rest);
  } else if (rest != &wait->rest) {
    wait->rest = *rest;
  }
  *request = reinterpret_cast<greg_t>(&wait->rest);
}

}  // namespace

void InitializeCallDeadlines() {
  libc_start = ModuleStart(reinterpret_cast<uintptr_t>(next::syscall));
}

bool IsInLibc(uintptr_t code) {
  return libc_start != 0 && ModuleStart(code) == libc_start;
}

void KeepCallDeadline(void* ucontext, uint32_t number) {
  greg_t* registers = static_cast<ucontext_t*>(ucontext)->uc_mcontext.gregs;
  switch (number) {
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_poll:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case kEpollPwait2:
    case SYS_rt_sigtimedwait:
    case SYS_semtimedop:
    case SYS_futex:
      break;
    default:
      return;
  }
  if (!IsInLibc(static_cast<uintptr_t>(registers[REG_RIP]))) {
    return;
  }
  Wait* wait = OwnWait();
  if (wait == nullptr) return;
  switch (number) {
    case SYS_nanosleep:
      KeepSleep(wait, &registers[REG_RDI], &registers[REG_RSI]);
      break;
    case SYS_clock_nanosleep: {
      const bool is_absolute = (registers[REG_RSI] & 1) != 0;  // TIMER_ABSTIME
      if (!is_absolute) {
        KeepSleep(wait, &registers[REG_RDX], &registers[REG_R10]);
      }
      break;
    }
    case SYS_poll:
      KeepMilliseconds(wait, &registers[REG_RDX]);
      break;
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
      KeepMilliseconds(wait, &registers[REG_R10]);
      break;
    case SYS_rt_sigtimedwait:
      KeepTime(wait, &registers[REG_RDX]);
      break;
    case SYS_futex:
      // FUTEX_WAIT; the other waits have an end, not a time.
      if ((registers[REG_RSI] & 0x7f) == 0) {
        KeepTime(wait, &registers[REG_R10]);
      }
      break;
    case SYS_semtimedop:
    case kEpollPwait2:
      KeepTime(wait, &registers[REG_R10]);
      break;
    default:
      break;
  }
}

}  // namespace heapline
