#include "preload/stack_walk.h"

#include "preload/cfi_program.h"
#include "preload/loaded_object.h"
#include "preload/pages.h"
#include "preload/readable_memory.h"

namespace heapline {
namespace {

// struct ucontext on x86-64, which a signal frame's rsp points at.
constexpr uintptr_t kContextRbp = 120;
constexpr uintptr_t kContextRsp = 160;
constexpr uintptr_t kContextRip = 168;

// How far above rsp a frame pointer may be believed without a rule.
constexpr uintptr_t kLongestGuess = uintptr_t{16} << 10;

// Code made at run time lies this near to other such code.
constexpr uintptr_t kCodeCacheReach = uintptr_t{256} << 20;

uintptr_t hidden_start;
uintptr_t hidden_bytes;

// The window as the walk's loop wants it: one comparison a word.
class StackMemory {
 public:
  explicit StackMemory(ReadableWindow* window) : window_(window) { Refresh(); }

  // False: not readable.
  __attribute__((always_inline)) bool Read(uintptr_t address, uintptr_t* word) {
    if (__builtin_expect(address - low_ > last_ - low_, 0) &&
        !ReadElsewhere(address)) {
      return false;
    }
    // Stacks need not be aligned, and are no objects of ours.
    __builtin_memcpy(word, reinterpret_cast<const void*>(address),
                     sizeof(*word));
    return true;
  }

 private:
  void Refresh() {
    const bool is_empty = window_->high - window_->low < sizeof(uintptr_t);
    low_ = is_empty ? ~uintptr_t{0} : window_->low;
    last_ = is_empty ? ~uintptr_t{0} : window_->high - sizeof(uintptr_t);
  }
  __attribute__((noinline)) bool ReadElsewhere(uintptr_t address) {
    const bool is_readable = MakeReadable(window_, address);
    Refresh();
    return is_readable;
  }

  ReadableWindow* const window_;
  uintptr_t low_;
  uintptr_t last_;  // highest address of a whole word
};

size_t CacheIndex(uintptr_t key) {
  return (key ^ key >> 11) & (ThreadState::kRuleEntries - 1);
}

__attribute__((noinline)) Rule FillCache(ThreadState::RuleSlot* slot,
                                         uintptr_t key) {
  slot->rule = RuleFor(key, false);
  slot->return_address = key;
  return slot->rule;
}

// Whether the bytes before `address` are a call instruction. REQUIRES: they
// can be read.
bool FollowsCall(uintptr_t address) {
  unsigned char code[7];
  __builtin_memcpy(code, reinterpret_cast<const void*>(address - sizeof(code)),
                   sizeof(code));
  if (code[2] == 0xe8) return true;  // call rel32
  // FF /2, through a register or memory, by the length that its operand says.
  for (int length = 2; length <= 7; ++length) {
    const unsigned char* call = code + sizeof(code) - length;
    if (call[0] != 0xff || (call[1] >> 3 & 7) != 2) continue;
    const int mode = call[1] >> 6;
    const int base = call[1] & 7;
    int expected = 2;
    if (mode != 3 && base == 4) expected += 1;
    if (mode == 1) expected += 1;
    if (mode == 2 || (mode == 0 && base == 5)) expected += 4;
    if (expected == length) return true;
  }
  return false;
}

// Whether `address` may be where the caller of code at `callee` goes on: in an
// object's code; or in code made at run time, either after a call instruction
// or near the callee (interpreters push addresses of their own).
bool MayBeReturnAddress(uintptr_t address, uintptr_t callee) {
  LoadedObject object;
  if (address < kPageBytes) return false;
  if (FindLoadedObject(address - 1, &object)) {
    return IsExecutableIn(object, address - 1);
  }
  const uintptr_t mask = ~uintptr_t{kPageBytes - 1};
  const uintptr_t first = (address - 7) & mask;
  const uintptr_t last = (address - 1) & mask;
  if (address >> 47 != 0 || !PageIsReadable(first) || !PageIsReadable(last)) {
    return false;
  }
  const uintptr_t distance =
      address > callee ? address - callee : callee - address;
  return distance < kCodeCacheReach || FollowsCall(address);
}

// The frame's CFA by one of the rarer rules. False: not readable.
bool FindCfa(const Rule& rule, const UnwindRegisters& registers,
             StackMemory* memory, uintptr_t* cfa) {
  const int16_t low = LowHalf(rule.cfa_offset);
  const int16_t high = HighHalf(rule.cfa_offset);
  switch (rule.cfa_base) {
    case CfaBase::kRbpDeref:
    case CfaBase::kRspDeref: {
      const uintptr_t base =
          rule.cfa_base == CfaBase::kRbpDeref ? registers.bp : registers.sp;
      if (!memory->Read(base + static_cast<intptr_t>(low), cfa)) return false;
      *cfa += static_cast<intptr_t>(high);
      return true;
    }
    case CfaBase::kPlt:
      *cfa = registers.sp + static_cast<intptr_t>(low) +
             (static_cast<int16_t>(registers.pc & 15) >= high ? 8 : 0);
      return true;
    default:
      return false;
  }
}

// Into the code that a signal interrupted.
bool StepOutOfSignalFrame(UnwindRegisters* registers, StackMemory* memory) {
  const uintptr_t context = registers->sp;
  return memory->Read(context + kContextRip, &registers->pc) &&
         memory->Read(context + kContextRsp, &registers->sp) &&
         memory->Read(context + kContextRbp, &registers->bp);
}

bool StepAlongFramePointer(UnwindRegisters* registers, StackMemory* memory) {
  const uintptr_t frame = registers->bp;
  const uintptr_t callee = registers->pc;
  if (frame < registers->sp || frame - registers->sp > kLongestGuess ||
      frame % 8 != 0 || !memory->Read(frame + 8, &registers->pc) ||
      !memory->Read(frame, &registers->bp)) {
    return false;
  }
  registers->sp = frame + 16;
  return MayBeReturnAddress(registers->pc, callee);
}

// The step by a rule that is not plain. Leaves walk->kind for the next frame.
__attribute__((noinline)) WalkState StepRarely(const Rule& rule,
                                               UnwindRegisters* registers,
                                               StackMemory* memory,
                                               HlNodeKind* kind) {
  switch (rule.kind) {
    case RuleKind::kEnd:
      return WalkState::kWhole;
    case RuleKind::kSignalFrame:
      *kind = HL_NODE_INSTRUCTION_POINTER;
      return StepOutOfSignalFrame(registers, memory) ? WalkState::kMore
                                                     : WalkState::kCut;
    case RuleKind::kNoCfi:
      // The ABI's mark of the deepest frame, as in the loader's start code.
      if (registers->bp == 0) return WalkState::kWhole;
      *kind = HL_NODE_GUESSED;
      return StepAlongFramePointer(registers, memory) ? WalkState::kMore
                                                      : WalkState::kCut;
    default:
      return WalkState::kCut;
  }
}

__attribute__((always_inline)) inline Rule RuleAt(ThreadState* cache,
                                                  const UnwindRegisters& at) {
  if (__builtin_expect(cache == nullptr, 0)) {
    return RuleFor(at.pc, at.pc_is_exact);
  }
  const uintptr_t key = at.pc + (at.pc_is_exact ? 1 : 0);
  ThreadState::RuleSlot* slot = &cache->rules[CacheIndex(key)];
  if (__builtin_expect(slot->return_address != key, 0)) {
    return FillCache(slot, key);
  }
  return slot->rule;
}

// False: the frame's rule leads nowhere.
__attribute__((always_inline)) inline bool StepNormally(const Rule& rule,
                                                        UnwindRegisters* at,
                                                        StackMemory* memory) {
  uintptr_t cfa;
  if (__builtin_expect(rule.cfa_base <= CfaBase::kRbp, 1)) {
    cfa = (rule.cfa_base == CfaBase::kRsp ? at->sp : at->bp) +
          static_cast<intptr_t>(rule.cfa_offset);
  } else if (!FindCfa(rule, *at, memory, &cfa)) {
    return false;
  }
  if (cfa <= at->sp || !memory->Read(cfa - 8, &at->pc)) return false;
  at->sp = cfa;
  const intptr_t offset = rule.rbp_offset;
  if (rule.rbp_rule == RbpRule::kAtCfa) {
    return memory->Read(cfa + offset, &at->bp);
  }
  if (__builtin_expect(rule.rbp_rule == RbpRule::kUnchanged, 1)) return true;
  if (rule.rbp_rule == RbpRule::kAtRbp) {
    return memory->Read(at->bp + offset, &at->bp);
  }
  at->bp = 0;
  return true;
}

bool IsShown(uintptr_t pc, const Rule& rule, HlNodeKind kind) {
  if (pc - hidden_start < hidden_bytes) return false;
  // An address that no object covers came from a stack that was misread, or
  // from code made at run time.
  return rule.kind != RuleKind::kNoCfi || kind != HL_NODE_RETURN_ADDRESS ||
         MayBeReturnAddress(pc, 0);
}

}  // namespace

int WalkFurther(StackWalk* walk, WalkedFrame* frames, int capacity) {
  StackMemory memory(walk->window);
  UnwindRegisters at = walk->registers;
  HlNodeKind kind = walk->kind;
  WalkState state = walk->state;
  int count = 0;
  while (state == WalkState::kMore && count < capacity) {
    if (__builtin_expect(at.pc == 0, 0)) {
      state = WalkState::kWhole;
      break;
    }
    at.pc_is_exact = kind == HL_NODE_INSTRUCTION_POINTER;
    const Rule rule = RuleAt(walk->rule_cache, at);
    if (__builtin_expect(IsShown(at.pc, rule, kind), 1)) {
      frames[count++] = {at.pc, at.sp, kind, rule.generation};
    }
    if (__builtin_expect(rule.kind == RuleKind::kNormal, 1)) {
      kind = HL_NODE_RETURN_ADDRESS;
      if (!StepNormally(rule, &at, &memory)) state = WalkState::kCut;
    } else {
      state = StepRarely(rule, &at, &memory, &kind);
    }
  }
  at.pc_is_exact = kind == HL_NODE_INSTRUCTION_POINTER;
  walk->registers = at;
  walk->kind = kind;
  walk->state = state;
  return count;
}

void HideFrames(uintptr_t start, uintptr_t end) {
  hidden_start = start;
  hidden_bytes = end - start;
}

bool IsHiddenFrame(uintptr_t pc) { return pc - hidden_start < hidden_bytes; }

}  // namespace heapline
