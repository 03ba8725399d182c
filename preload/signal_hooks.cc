// The signal family of the program: dispositions go through dispositions.cc;
// from every mask and every waited-for set the reserved signal is taken out,
// as glibc does with its own two. Each hook reads: change the arguments, call
// the real function.
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <time.h>

#include "preload/dispositions.h"
#include "preload/lifecycle.h"
#include "preload/next.h"
#include "preload/tracer.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))

namespace heapline {
namespace {

// These may be called before anything was allocated: by a constructor that
// runs before ours.
void BeSureToHaveStarted() {
  if (__builtin_expect(CurrentMode() == Mode::kUnset, 0)) StartTracer();
}

// Libc's sigset_t is larger than the kernel's set, which is its first word.
uint64_t* WordOf(sigset_t* set) { return reinterpret_cast<uint64_t*>(set); }
uint64_t BitOf(int number) {
  return number >= 1 && number <= 64 ? uint64_t{1} << (number - 1) : 0;
}

// A signal set as the kernel is to see it: the program's without the reserved
// signal, or NULL where the program gave none.
class Filtered {
 public:
  explicit Filtered(const sigset_t* set) {
    BeSureToHaveStarted();
    if (set == nullptr) return;
    set_ = *set;
    *WordOf(&set_) = WithoutReserved(*WordOf(&set_));
    given_ = &set_;
  }
  const sigset_t* get() const { return given_; }

 private:
  sigset_t set_;
  const sigset_t* given_ = nullptr;
};

int SetAction(int number, const struct sigaction* action,
              struct sigaction* old_action) {
  BeSureToHaveStarted();
  return SetProgramAction(number, action, old_action);
}

bool IsWatched(int number) {
  BeSureToHaveStarted();
  return StandsInFrontOf(number);
}

sighandler_t SetHandler(int number, sighandler_t handler, int flags,
                        int blocked) {
  if (handler == SIG_ERR) {
    errno = EINVAL;
    return SIG_ERR;
  }
  struct sigaction action = {};
  struct sigaction before = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  if (blocked != 0) *WordOf(&action.sa_mask) = BitOf(blocked);
  if (SetAction(number, &action, &before) != 0) return SIG_ERR;
  return before.sa_handler;
}

sighandler_t SetBsdHandler(int number, sighandler_t handler) {
  return SetHandler(number, handler, SA_RESTART, number);
}
sighandler_t SetSystemVHandler(int number, sighandler_t handler) {
  return SetHandler(number, handler,
                    static_cast<int>(SA_RESETHAND | SA_NODEFER), 0);
}

int ChangeMask(int how, int number, sigset_t* before) {
  sigset_t set = {};
  *WordOf(&set) = BitOf(number);
  return next::sigprocmask(how, Filtered(&set).get(), before);
}

}  // namespace
}  // namespace heapline

using heapline::Filtered;
using heapline::IsWatched;
namespace next = heapline::next;

// Dispositions.

HEAPLINE_EXPORT int sigaction(int number, const struct sigaction* action,
                              struct sigaction* old_action) noexcept {
  return heapline::SetAction(number, action, old_action);
}

HEAPLINE_EXPORT int __sigaction(int number, const struct sigaction* action,
                                struct sigaction* old_action) noexcept {
  return heapline::SetAction(number, action, old_action);
}

HEAPLINE_EXPORT sighandler_t signal(int number, sighandler_t handler) noexcept {
  if (!IsWatched(number)) return next::signal(number, handler);
  return heapline::SetBsdHandler(number, handler);
}

HEAPLINE_EXPORT sighandler_t bsd_signal(int number,
                                        sighandler_t handler) noexcept {
  if (!IsWatched(number)) return next::bsd_signal(number, handler);
  return heapline::SetBsdHandler(number, handler);
}

HEAPLINE_EXPORT sighandler_t ssignal(int number,
                                     sighandler_t handler) noexcept {
  if (!IsWatched(number)) return next::ssignal(number, handler);
  return heapline::SetBsdHandler(number, handler);
}

HEAPLINE_EXPORT sighandler_t sysv_signal(int number,
                                         sighandler_t handler) noexcept {
  if (!IsWatched(number)) return next::sysv_signal(number, handler);
  return heapline::SetSystemVHandler(number, handler);
}

HEAPLINE_EXPORT sighandler_t __sysv_signal(int number,
                                           sighandler_t handler) noexcept {
  if (!IsWatched(number)) return next::__sysv_signal(number, handler);
  return heapline::SetSystemVHandler(number, handler);
}

HEAPLINE_EXPORT sighandler_t sigset(int number, sighandler_t handler) noexcept {
  if (!IsWatched(number)) return next::sigset(number, handler);
  sigset_t before = {};
  sighandler_t old_handler;
  if (handler == SIG_HOLD) {
    struct sigaction now = {};
    if (heapline::ChangeMask(SIG_BLOCK, number, &before) != 0 ||
        heapline::SetAction(number, nullptr, &now) != 0) {
      return SIG_ERR;
    }
    old_handler = now.sa_handler;
  } else {
    old_handler = heapline::SetHandler(number, handler, 0, 0);
    if (old_handler == SIG_ERR ||
        heapline::ChangeMask(SIG_UNBLOCK, number, &before) != 0) {
      return SIG_ERR;
    }
  }
  const uint64_t blocked = *heapline::WordOf(&before);
  return (blocked & heapline::BitOf(number)) != 0 ? SIG_HOLD : old_handler;
}

HEAPLINE_EXPORT int sigignore(int number) noexcept {
  if (!IsWatched(number)) return next::sigignore(number);
  return heapline::SetHandler(number, SIG_IGN, 0, 0) == SIG_ERR ? -1 : 0;
}

HEAPLINE_EXPORT int sighold(int number) noexcept {
  if (!IsWatched(number)) return next::sighold(number);
  return heapline::ChangeMask(SIG_BLOCK, number, nullptr);
}

HEAPLINE_EXPORT int siginterrupt(int number, int interrupts) noexcept {
  if (!IsWatched(number)) return next::siginterrupt(number, interrupts);
  struct sigaction action = {};
  if (heapline::SetAction(number, nullptr, &action) != 0) return -1;
  if (interrupts != 0) {
    action.sa_flags &= ~SA_RESTART;
  } else {
    action.sa_flags |= SA_RESTART;
  }
  return heapline::SetAction(number, &action, nullptr);
}

// Masks.

HEAPLINE_EXPORT int sigprocmask(int how, const sigset_t* set,
                                sigset_t* old_set) noexcept {
  if (how == SIG_UNBLOCK) {
    heapline::BeSureToHaveStarted();
    return next::sigprocmask(how, set, old_set);
  }
  return next::sigprocmask(how, Filtered(set).get(), old_set);
}

HEAPLINE_EXPORT int pthread_sigmask(int how, const sigset_t* set,
                                    sigset_t* old_set) noexcept {
  if (how == SIG_UNBLOCK) {
    heapline::BeSureToHaveStarted();
    return next::pthread_sigmask(how, set, old_set);
  }
  return next::pthread_sigmask(how, Filtered(set).get(), old_set);
}

HEAPLINE_EXPORT int pthread_attr_setsigmask_np(pthread_attr_t* attributes,
                                               const sigset_t* set) {
  const Filtered filtered(set);
  if (next::pthread_attr_setsigmask_np == nullptr) return ENOSYS;
  return next::pthread_attr_setsigmask_np(attributes, filtered.get());
}

// Waits. Cancellation points: no `noexcept`.

HEAPLINE_EXPORT int sigsuspend(const sigset_t* set) {
  return next::sigsuspend(Filtered(set).get());
}

HEAPLINE_EXPORT int __sigsuspend(const sigset_t* set) {
  return next::__sigsuspend(Filtered(set).get());
}

HEAPLINE_EXPORT int sigwait(const sigset_t* set, int* number) {
  return next::sigwait(Filtered(set).get(), number);
}

HEAPLINE_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  return next::sigwaitinfo(Filtered(set).get(), info);
}

HEAPLINE_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info,
                                 const struct timespec* timeout) {
  return next::sigtimedwait(Filtered(set).get(), info, timeout);
}

HEAPLINE_EXPORT int signalfd(int fd, const sigset_t* set, int flags) noexcept {
  return next::signalfd(fd, Filtered(set).get(), flags);
}

HEAPLINE_EXPORT int ppoll(struct pollfd* files, nfds_t count,
                          const struct timespec* timeout, const sigset_t* set) {
  return next::ppoll(files, count, timeout, Filtered(set).get());
}

HEAPLINE_EXPORT int __ppoll_chk(struct pollfd* files, nfds_t count,
                                const struct timespec* timeout,
                                const sigset_t* set, size_t files_bytes) {
  const Filtered filtered(set);
  if (next::__ppoll_chk == nullptr) {
    return next::ppoll(files, count, timeout, filtered.get());
  }
  return next::__ppoll_chk(files, count, timeout, filtered.get(), files_bytes);
}

HEAPLINE_EXPORT int pselect(int count, fd_set* read, fd_set* write,
                            fd_set* except, const struct timespec* timeout,
                            const sigset_t* set) {
  return next::pselect(count, read, write, except, timeout,
                       Filtered(set).get());
}

HEAPLINE_EXPORT int epoll_pwait(int epoll, struct epoll_event* events,
                                int count, int timeout_ms,
                                const sigset_t* set) {
  return next::epoll_pwait(epoll, events, count, timeout_ms,
                           Filtered(set).get());
}

HEAPLINE_EXPORT int epoll_pwait2(int epoll, struct epoll_event* events,
                                 int count, const struct timespec* timeout,
                                 const sigset_t* set) {
  const Filtered filtered(set);
  if (next::epoll_pwait2 == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  return next::epoll_pwait2(epoll, events, count, timeout, filtered.get());
}
