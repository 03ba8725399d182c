#include "preload/dispositions.h"

#include <errno.h>

#include "preload/control.h"
#include "preload/lifecycle.h"
#include "preload/next.h"
#include "preload/reserved_signal.h"
#include "preload/sys.h"
#include "preload/tracer.h"
#include "preload/trigger.h"

namespace heapline {
namespace {

using Handler = void (*)(int, siginfo_t*, void*);

constexpr int kDeathSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGABRT,
                                 SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// What the program set for one signal. Two writers at once leave either's;
// readers (a handler) take the newest whole one: a slot is rewritten only
// three settings later.
class ProgramAction {
 public:
  void Set(const struct sigaction& action) {
    const uint32_t number = __atomic_load_n(&newest_, __ATOMIC_RELAXED) + 1;
    slots_[number % kSlots] = action;
    __atomic_store_n(&newest_, number, __ATOMIC_RELEASE);
  }
  struct sigaction Get() const {
    return slots_[__atomic_load_n(&newest_, __ATOMIC_ACQUIRE) % kSlots];
  }

 private:
  static constexpr uint32_t kSlots = 4;
  uint32_t newest_;
  struct sigaction slots_[kSlots];
};

ProgramAction trigger_action;
ProgramAction reserved_action;
bool death_is_taken;
bool trigger_is_taken;
bool reserved_is_claimed;

bool IsTraced() {
  const Mode mode = CurrentMode();
  return mode == Mode::kTracing || mode == Mode::kForwarding;
}

uint64_t BitOf(int number) { return uint64_t{1} << (number - 1); }

uint64_t* WordOf(sigset_t* set) { return reinterpret_cast<uint64_t*>(set); }

bool IsDefault(const struct sigaction& action) {
  return action.sa_handler == SIG_DFL;
}
bool IsCallable(const struct sigaction& action) {
  return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

bool IsDeathSignal(int number) {
  for (int death : kDeathSignals) {
    if (death == number) return true;
  }
  return false;
}

struct sigaction OurAction(Handler handler) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  *WordOf(&action.sa_mask) = ~uint64_t{0};
  return action;
}

// What the kernel is told for the trigger signal: our handler with the
// program's own flags and mask, so that both are exactly as it asked.
struct sigaction TriggerActionFor(const struct sigaction& program) {
  if (!IsCallable(program)) return OurAction(OnTriggerSignal);
  struct sigaction action = program;
  action.sa_sigaction = OnTriggerSignal;
  action.sa_flags =
      (program.sa_flags | SA_SIGINFO) & ~static_cast<int>(SA_RESETHAND);
  return action;
}

int SetReserved(const struct sigaction* action, struct sigaction* old_action) {
  const struct sigaction before = reserved_action.Get();
  if (action != nullptr) {
    if (IsVforkChild()) {
      const int result =
          next::sigaction(tracer.options.reserved_signal, action, nullptr);
      if (result != 0) return result;
    } else {
      if (IsCallable(*action)) {
        // The program's own now. The timer would call its handler, too.
        __atomic_store_n(&reserved_is_claimed, true, __ATOMIC_SEQ_CST);
        ControlPage()->reserved_signal = 0;
        DisarmTimers();
        const int result =
            next::sigaction(tracer.options.reserved_signal, action, nullptr);
        if (result != 0) return result;
      }
      reserved_action.Set(*action);
    }
  }
  if (old_action != nullptr) *old_action = before;
  return 0;
}

int SetTrigger(int number, const struct sigaction* action,
               struct sigaction* old_action) {
  const struct sigaction before = trigger_action.Get();
  if (action != nullptr) {
    if (IsVforkChild()) {
      const int result = next::sigaction(number, action, nullptr);
      if (result != 0) return result;
    } else {
      trigger_action.Set(*action);
      const struct sigaction kernel = TriggerActionFor(*action);
      const int result = next::sigaction(number, &kernel, nullptr);
      if (result != 0) return result;
    }
  }
  if (old_action != nullptr) *old_action = before;
  return 0;
}

int SetDeath(int number, const struct sigaction* action,
             struct sigaction* old_action) {
  struct sigaction ours;
  if (action != nullptr && IsDefault(*action)) {
    ours = OurAction(OnDeathSignal);
    action = &ours;
  }
  struct sigaction before = {};
  const int result = next::sigaction(number, action, &before);
  if (result != 0) return result;
  if (old_action != nullptr) {
    *old_action =
        before.sa_sigaction == OnDeathSignal ? (struct sigaction){} : before;
  }
  return 0;
}

}  // namespace

bool ReservedSignalIsClaimed() {
  return __atomic_load_n(&reserved_is_claimed, __ATOMIC_RELAXED);
}

uint64_t WithoutReserved(uint64_t kernel_set) {
  if (!IsTraced() || ReservedSignalIsClaimed()) return kernel_set;
  return kernel_set & ~BitOf(tracer.options.reserved_signal);
}

bool StandsInFrontOf(int number) {
  if (!IsTraced()) return false;
  if (number == tracer.options.reserved_signal) {
    return !ReservedSignalIsClaimed();
  }
  return (trigger_is_taken && number == tracer.options.signal) ||
         (death_is_taken && IsDeathSignal(number));
}

int SetProgramAction(int number, const struct sigaction* action,
                     struct sigaction* old_action) {
  if (!IsTraced()) return next::sigaction(number, action, old_action);
  struct sigaction filtered;
  if (action != nullptr) {
    filtered = *action;
    *WordOf(&filtered.sa_mask) = WithoutReserved(*WordOf(&filtered.sa_mask));
    action = &filtered;
  }
  if (number == tracer.options.reserved_signal && !ReservedSignalIsClaimed()) {
    return SetReserved(action, old_action);
  }
  if (trigger_is_taken && number == tracer.options.signal) {
    return SetTrigger(number, action, old_action);
  }
  if (death_is_taken && IsDeathSignal(number)) {
    return SetDeath(number, action, old_action);
  }
  return next::sigaction(number, action, old_action);
}

void TakeSignals() {
  if (tracer.options.signal != 0 && !trigger_is_taken) {
    struct sigaction program = {};
    if (next::sigaction(tracer.options.signal, nullptr, &program) == 0) {
      trigger_action.Set(program);
      const struct sigaction kernel = TriggerActionFor(program);
      trigger_is_taken =
          next::sigaction(tracer.options.signal, &kernel, nullptr) == 0;
    }
  }
  if (tracer.options.on_death && !death_is_taken) {
    death_is_taken = true;
    const struct sigaction ours = OurAction(OnDeathSignal);
    for (int number : kDeathSignals) {
      if (trigger_is_taken && number == tracer.options.signal) continue;
      struct sigaction program = {};
      if (next::sigaction(number, nullptr, &program) == 0 &&
          IsDefault(program)) {
        next::sigaction(number, &ours, nullptr);
      }
    }
  }
}

void GiveSignalsBack() {
  if (HoldsReservedSignal()) SetReservedSignalDefault();
  if (trigger_is_taken) {
    trigger_is_taken = false;
    const struct sigaction program = trigger_action.Get();
    next::sigaction(tracer.options.signal, &program, nullptr);
  }
  if (!death_is_taken) return;
  death_is_taken = false;
  for (int number : kDeathSignals) {
    struct sigaction now = {};
    if (next::sigaction(number, nullptr, &now) != 0 ||
        now.sa_sigaction != OnDeathSignal) {
      continue;
    }
    const struct sigaction normal = {};
    next::sigaction(number, &normal, nullptr);
  }
}

void ReleaseSignals() {
  if (!trigger_is_taken) return;
  const struct sigaction program = trigger_action.Get();
  if (program.sa_handler == SIG_IGN) {
    next::sigaction(tracer.options.signal, &program, nullptr);
  }
}

void RetakeSignals() {
  if (!trigger_is_taken) return;
  const struct sigaction kernel = TriggerActionFor(trigger_action.Get());
  next::sigaction(tracer.options.signal, &kernel, nullptr);
}

ProgramHandler CallProgramHandler(int number, siginfo_t* info, void* ucontext) {
  const struct sigaction program = trigger_action.Get();
  if (IsDefault(program)) return ProgramHandler::kDefault;
  if (program.sa_handler == SIG_IGN) return ProgramHandler::kIgnored;
  if ((program.sa_flags & SA_RESETHAND) != 0) {
    trigger_action.Set((struct sigaction){});
  }
  if ((program.sa_flags & SA_SIGINFO) != 0) {
    program.sa_sigaction(number, info, ucontext);
  } else {
    program.sa_handler(number);
  }
  return ProgramHandler::kCalled;
}

void EndByDefault(int number, const siginfo_t* info) {
  const KernelSigaction normal = {kDefaultAction, 0, 0, 0};
  KernelSetAction(number, &normal, nullptr);
  // A fault happens again when its instruction does; everything else is sent
  // again, with what the sender said of it.
  const bool is_fault = info->si_code > 0 && number != SIGABRT &&
                        (number == SIGSEGV || number == SIGBUS ||
                         number == SIGFPE || number == SIGILL);
  if (is_fault) return;
  sys::Call(SYS_rt_tgsigqueueinfo, sys::GetPid(), sys::GetTid(), number,
            sys::Arg(info));
}

}  // namespace heapline
