// reserved_signal.h: the handler of the one signal the shim takes. What comes
// by it: a stop (tgkill from this process while one is under way), a request
// from the command line (sigqueue with HL_SIGNAL_MAGIC, same user or root), a
// tick of the trigger timer. Anything else is ignored. An interrupted system
// call goes on afterwards; errno is not touched. Async-signal-safe.
#ifndef HEAPLINE_PRELOAD_RESERVED_SIGNAL_H_
#define HEAPLINE_PRELOAD_RESERVED_SIGNAL_H_

#include <stdint.h>

namespace heapline {

// sigset_t and struct sigaction as the kernel has them.
using KernelSignalSet = uint64_t;
struct KernelSigaction {
  uintptr_t handler;
  uint64_t flags;
  uintptr_t restorer;
  KernelSignalSet mask;
};
inline constexpr uintptr_t kDefaultAction = 0;  // SIG_DFL
inline constexpr uintptr_t kIgnoreAction = 1;   // SIG_IGN
inline constexpr KernelSignalSet kAllSignals = ~KernelSignalSet{0};
// What BlockAllSignals returns where it was refused, and SetSignalMask leaves
// alone. No thread has this mask: SIGKILL cannot be in one.
inline constexpr KernelSignalSet kMaskUnknown = ~KernelSignalSet{0};

inline KernelSignalSet SignalBit(int signal) {
  return KernelSignalSet{1} << (signal - 1);
}

// rt_sigaction and rt_sigprocmask without libc; either pointer may be NULL.
void KernelSetAction(int signal, const KernelSigaction* action,
                     KernelSigaction* old);
KernelSignalSet BlockAllSignals();  // returns the mask before
void SetSignalMask(KernelSignalSet mask);

// What returns from a handler installed by KernelSetAction with SA_RESTORER.
uintptr_t SignalRestorer();

// Takes the signal: handler installed, signal unblocked in this thread.
void InstallReservedSignal();
// Whether the kernel's disposition is our handler now: the program may have
// claimed the signal.
bool HoldsReservedSignal();

// Ignores the signal, which throws away a pending one (before exec).
void FlushReservedSignal();
void SetReservedSignalDefault();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_RESERVED_SIGNAL_H_
