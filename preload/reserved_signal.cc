#include "preload/reserved_signal.h"

#include <signal.h>

#include "heapline/control_page.h"
#include "preload/control.h"
#include "preload/stop_world.h"
#include "preload/sys.h"
#include "preload/tracer.h"
#include "preload/trigger.h"

// `mov $15, %rax; syscall` (rt_sigreturn) in the very bytes by which debuggers
// and unwinders know a signal frame.
__asm__(
    ".text\n"
    ".type heapline_signal_restorer, @function\n"
    ".hidden heapline_signal_restorer\n"
    ".globl heapline_signal_restorer\n"
    ".p2align 4\n"
    "nop\n"
    "heapline_signal_restorer:\n"
    "  movq $15, %rax\n"
    "  syscall\n"
    ".size heapline_signal_restorer, . - heapline_signal_restorer\n");
extern "C" void heapline_signal_restorer();

namespace heapline {
namespace {

constexpr uint64_t kRestorerFlag = 0x04000000;  // SA_RESTORER

bool IsTrustedSender(const siginfo_t& info) {
  const uint32_t sender = info.si_uid;
  return sender == 0 || sender == static_cast<uint32_t>(sys::Call(SYS_getuid));
}

void HandleReservedSignal(int, siginfo_t* info, void* context) {
  uint32_t call_number_plus_1 = 0;
  switch (info->si_code) {
    case SI_TKILL:
      if (info->si_pid != tracer.pid) break;
      // Restarts the call itself: it knows what the leader saw.
      if (AnswerStop(context)) return;
      break;
    case SI_QUEUE: {
      const uint64_t value =
          reinterpret_cast<uint64_t>(info->si_value.sival_ptr);
      if (value >> 32 != HL_SIGNAL_MAGIC || !IsTrustedSender(*info)) break;
      call_number_plus_1 = static_cast<uint32_t>(value & 0xffff);
      if (!tracer.calls_restricted) AnswerRequest(context);
      break;
    }
    case SI_TIMER:
      if (!tracer.calls_restricted) TriggerTick(context);
      break;
    default:
      break;
  }
  RestartInterruptedCall(context, call_number_plus_1);
}

uintptr_t HandlerAddress() {
  return reinterpret_cast<uintptr_t>(&HandleReservedSignal);
}

}  // namespace

void KernelSetAction(int signal, const KernelSigaction* action,
                     KernelSigaction* old) {
  sys::Call(SYS_rt_sigaction, signal, sys::Arg(action), sys::Arg(old),
            sizeof(KernelSignalSet));
}

KernelSignalSet BlockAllSignals() {
  KernelSignalSet before = 0;
  const KernelSignalSet all = kAllSignals;
  return sys::ChangeSignalMask(SIG_SETMASK, &all, &before) == 0 ? before
                                                                : kMaskUnknown;
}

void SetSignalMask(KernelSignalSet mask) {
  if (mask == kMaskUnknown) return;
  sys::ChangeSignalMask(SIG_SETMASK, &mask, nullptr);
}

uintptr_t SignalRestorer() {
  return reinterpret_cast<uintptr_t>(&heapline_signal_restorer);
}

void InstallReservedSignal() {
  const KernelSigaction action = {
      HandlerAddress(), SA_SIGINFO | SA_RESTART | SA_ONSTACK | kRestorerFlag,
      SignalRestorer(), kAllSignals};
  KernelSetAction(tracer.options.reserved_signal, &action, nullptr);
  const KernelSignalSet own = SignalBit(tracer.options.reserved_signal);
  sys::ChangeSignalMask(SIG_UNBLOCK, &own, nullptr);
}

bool HoldsReservedSignal() {
  KernelSigaction now = {};
  KernelSetAction(tracer.options.reserved_signal, nullptr, &now);
  return now.handler == HandlerAddress();
}

void FlushReservedSignal() {
  const KernelSigaction ignore = {kIgnoreAction, 0, 0, 0};
  KernelSetAction(tracer.options.reserved_signal, &ignore, nullptr);
}

void SetReservedSignalDefault() {
  const KernelSigaction normal = {kDefaultAction, 0, 0, 0};
  KernelSetAction(tracer.options.reserved_signal, &normal, nullptr);
}

}  // namespace heapline
