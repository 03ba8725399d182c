// late_registers.h: the registers of threads that were held when a cut was
// made: the signal was due, but they had no processor to meet it. Such a thread
// meets it before it executes anything else, so what its handler then finds are
// its registers at the cut. It leaves them in memory shared with the snapshot's
// child, which waits a little for them; the program does not.
//
// Places are opened by the leader while all stand still, filled by one thread
// each, and read by the child. Opening them for another cut voids the earlier
// one's. Async-signal-safe; no lock.
#ifndef HEAPLINE_PRELOAD_LATE_REGISTERS_H_
#define HEAPLINE_PRELOAD_LATE_REGISTERS_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/thread_registers.h"

namespace heapline {

struct LateRegisters {
  static constexpr size_t kMostVectorWords = 384;

  uint32_t stop;    // of the cut it is for; set last by the leader
  uint32_t filled;  // the same number once the rest is there
  int32_t tid;
  uintptr_t thread_pointer;
  RegisterValue general[kGeneralRegisters];
  size_t vector_words[kVectorParts];
  uintptr_t vectors[kMostVectorWords];  // the parts one behind the other
};

// The leader begins a cut: none is open.
void CloseLateRegisters();
// A place for the thread's; NULL: there is none left, or no memory.
const LateRegisters* OpenLateRegisters(uint32_t stop, int32_t tid);

// In the handler, with its context: leaves them if they are wanted.
void LeaveLateRegisters(const void* ucontext);

// Whether they are there by now, or come within `patience_ns`, from which the
// time waited is taken. In the child.
bool AwaitLateRegisters(const LateRegisters* late, uint32_t stop,
                        uint64_t* patience_ns);

// In a forked copy: the memory is the parent's.
void ForgetLateRegisters();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LATE_REGISTERS_H_
