// cfi_program.h: runs the instructions of a CIE and an FDE up to an address
// and says what holds there, as the 8-byte rule of cfi_rules.h. Only three
// things are followed: where the CFA is, where rbp was saved, where the return
// address is; all other registers' rules are parsed and dropped. Bounded: one
// pass over the bytes, at most kMostSavedRows remembered states. Pure function
// of the bytes; hostile bytes give kInexpressible.
#ifndef HEAPLINE_PRELOAD_CFI_PROGRAM_H_
#define HEAPLINE_PRELOAD_CFI_PROGRAM_H_

#include <stdint.h>

#include "preload/cfi_rules.h"
#include "preload/eh_frame.h"

namespace heapline {

// REQUIRES: `address` is covered by `description`. The generation is left 0.
Rule RuleFromDescription(const FrameDescription& description,
                         uintptr_t address);

// Where the function described saves its caller's value of a register, from
// the CFA, as it is at `address`. False: it does not, or in another way.
// REQUIRES: `address` is covered by `description`.
bool FindSavedRegister(const FrameDescription& description, uintptr_t address,
                       uint64_t number, int64_t* offset);

// What stands in Rule::cfa_offset for the bases that need two numbers.
//   kRbpDeref, kRspDeref: CFA = *(base + low half) + high half
//   kPlt:                 CFA = rsp + low half
//                               + ((pc & 15) >= high half ? 8 : 0)
inline int32_t PackHalves(int16_t low, int16_t high) {
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint16_t>(high))
                                  << 16 |
                              static_cast<uint16_t>(low));
}
inline int16_t LowHalf(int32_t packed) { return static_cast<int16_t>(packed); }
inline int16_t HighHalf(int32_t packed) {
  return static_cast<int16_t>(packed >> 16);
}

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CFI_PROGRAM_H_
