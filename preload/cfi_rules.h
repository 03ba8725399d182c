// cfi_rules.h: how to step from a frame to its caller, as an 8-byte rule per
// return address, made lazily from .eh_frame and kept for ever. The only
// architecture-dependent file of capture besides sys.h. Method: DWARF 5 §6.4
// call frame information and the LSB's .eh_frame_hdr, reduced to what
// compilers emit for code that allocates:
//
//   CFA = rsp + off | rbp + off | *(rbp + off) | *(rsp + off) | PLT form
//   return address at CFA - 8
//   rbp unchanged | saved at CFA + off | saved at rbp + off
//
// Making a rule: _dl_find_object (lock-free) → .eh_frame_hdr binary search →
// CIE/FDE programs up to pc - 1 (pc itself after a signal frame). No loader
// lock, no allocation but pages.h, no system call in the steady state. CFI is
// input from outside: every read of it stays inside the module's mapping and
// every number is checked; what no rule expresses becomes kInexpressible.
// Thread-safe and async-signal-safe; lock-free.
#ifndef HEAPLINE_PRELOAD_CFI_RULES_H_
#define HEAPLINE_PRELOAD_CFI_RULES_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

enum class RuleKind : uint8_t {
  kNone,  // not looked up yet (all-zero rule)
  kNormal,
  kEnd,            // outermost frame: return address undefined, or no caller
  kSignalFrame,    // the caller's registers are in the ucontext
  kInexpressible,  // CFI there, but no rule of ours can say it
  kNoCfi           // no CFI covers this address (JIT, hand-written code)
};

enum class CfaBase : uint8_t { kRsp, kRbp, kRbpDeref, kRspDeref, kPlt };
enum class RbpRule : uint8_t { kUnchanged, kAtCfa, kAtRbp, kUndefined };

struct Rule {  // 8 bytes
  RuleKind kind : 3;
  CfaBase cfa_base : 3;
  RbpRule rbp_rule : 2;
  uint8_t generation;  // of the module (modules.h); part of node keys
  int16_t rbp_offset;  // bytes
  int32_t cfa_offset;  // bytes
};
static_assert(sizeof(Rule) == 8, "one word a cached rule");

// Registers that unwinding needs. `pc` is a return address unless
// pc_is_exact (the innermost frame of an interrupted context).
struct UnwindRegisters {
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t bp;
  bool pc_is_exact;
};

bool InitializeRules();

// The rule for a frame whose pc is `pc`, from the shared table or made now.
// Never fails: what cannot be known is kNoCfi.
Rule RuleFor(uintptr_t pc, bool pc_is_exact);

// Rules of addresses in [start, end) are forgotten (dlclose); thread caches
// notice by RuleGeneration().
void ForgetRules(uintptr_t start, uintptr_t end);
uint64_t RuleGeneration();

// Start of the function that covers pc by its FDE, or 0.
uintptr_t FunctionStart(uintptr_t pc);

// For tests and fuzzing: the rule that the CIE/FDE bytes give for pc. `frame`
// .. `frame_end` is a whole .eh_frame section mapped at its own address.
Rule RuleFromEhFrame(const unsigned char* frame, const unsigned char* frame_end,
                     const unsigned char* fde, uintptr_t pc);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CFI_RULES_H_
