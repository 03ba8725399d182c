// thread_registers.h: the registers of a thread that a signal stopped, as its
// handler's ucontext keeps them, by DWARF number: 0 to 15 the general ones, 16
// the program counter, 17 to 32 the vector registers, which hold pointers while
// the program moves them about. Pure functions of the context's memory.
#ifndef HEAPLINE_PRELOAD_THREAD_REGISTERS_H_
#define HEAPLINE_PRELOAD_THREAD_REGISTERS_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

struct RegisterValue {
  uint32_t number;
  uintptr_t value;
};

enum : uint32_t {
  kDwarfRbx = 3,
  kDwarfRbp = 6,
  kDwarfRsp = 7,
  kDwarfR12 = 12,
  kDwarfRip = 16,
  kDwarfXmm0 = 17
};

inline constexpr size_t kGeneralRegisters = 17;

// Of a ucontext_t, into out[kGeneralRegisters].
void ReadGeneralRegisters(const void* ucontext, RegisterValue* out);

// The memory that keeps the vector registers, one part at a time: part 0 the
// low halves, kVectorPartWords a register; part 1 what lies above them, as many
// words a register for the first sixteen. False: there is no such part. None
// where the thread waits in a system call: the caller of a function that makes
// one keeps nothing there.
struct VectorPart {
  const uintptr_t* words;
  size_t count;
};
inline constexpr size_t kVectorPartWords = 2;
inline constexpr int kVectorParts = 2;
bool FindVectorPart(const void* ucontext, int part, VectorPart* out);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_THREAD_REGISTERS_H_
