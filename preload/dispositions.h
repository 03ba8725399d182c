// dispositions.h: what the program believes of the signals that we stand in
// front of: the reserved one, `signal`, and with on_death those that would end
// it by default. The program asks and sets through the interposed sigaction
// family (signal_hooks.cc) and sees its own dispositions only; our handlers
// call its own. For on_death the kernel's table is the only memory: our
// handler stands exactly where the program has SIG_DFL.
//
// Thread-safe, async-signal-safe; a vfork child changes nothing here.
#ifndef HEAPLINE_PRELOAD_DISPOSITIONS_H_
#define HEAPLINE_PRELOAD_DISPOSITIONS_H_

#include <signal.h>
#include <stdint.h>

namespace heapline {

// The set without the reserved signal, or itself where that is not ours.
uint64_t WithoutReserved(uint64_t kernel_set);

// sigaction as the program means it. 0, or -1 with errno as libc sets it.
int SetProgramAction(int number, const struct sigaction* action,
                     struct sigaction* old_action);

// Whether a disposition of `number` is not simply the kernel's to tell.
bool StandsInFrontOf(int number);

// Puts our handlers where the options ask for them. Again in a forked copy: a
// no-op then, as handlers are inherited.
void TakeSignals();

// Calls what the program has set for the trigger signal. False: it has set
// nothing that could be called.
enum class ProgramHandler { kCalled, kIgnored, kDefault };
ProgramHandler CallProgramHandler(int number, siginfo_t* info, void* ucontext);

// Sets SIG_DFL in the kernel and lets the signal come again as it was, so that
// the process ends by it when the calling handler returns.
void EndByDefault(int number, const siginfo_t* info);

// death.cc's and trigger.cc's handlers.
void OnDeathSignal(int number, siginfo_t* info, void* ucontext);
void OnTriggerSignal(int number, siginfo_t* info, void* ucontext);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_DISPOSITIONS_H_
