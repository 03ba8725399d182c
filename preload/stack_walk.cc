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
  // Of an empty window this object's own first word is all that can be read.
  void Refresh() {
    const bool is_empty = window_->high - window_->low < sizeof(uintptr_t);
    low_ = is_empty ? reinterpret_cast<uintptr_t>(this) : window_->low;
    last_ = is_empty ? low_ : window_->high - sizeof(uintptr_t);
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
  return key & (ThreadState::kRuleEntries - 1);
}

// A rule as one word, as the loop keeps it.
using RuleWord = uint64_t;

RuleWord WordOf(const Rule& rule) {
  RuleWord word;
  __builtin_memcpy(&word, &rule, sizeof(word));
  return word;
}
Rule RuleOf(RuleWord word) {
  Rule rule;
  __builtin_memcpy(static_cast<void*>(&rule), &word, sizeof(rule));
  return rule;
}

// Rule's fields, low bits first: kind 3, cfa_base 3, rbp_rule 2, generation 8,
// rbp_offset 16, cfa_offset 32. Plain is what nearly all frames are: kNormal,
// CFA from kRsp (0) or kRbp (1).
constexpr RuleWord kPlainMask = 0x37;
constexpr RuleWord kPlain = static_cast<RuleWord>(RuleKind::kNormal);
constexpr RuleWord kCfaFromRbp = static_cast<RuleWord>(CfaBase::kRbp) << 3;
inline RbpRule RbpRuleOf(RuleWord word) {
  return static_cast<RbpRule>(word >> 6 & 3);
}
inline uint8_t GenerationOf(RuleWord word) {
  return static_cast<uint8_t>(word >> 8);
}
inline intptr_t RbpOffsetOf(RuleWord word) {
  return static_cast<int16_t>(word >> 16);
}
inline intptr_t CfaOffsetOf(RuleWord word) {
  return static_cast<int32_t>(word >> 32);
}

// What the loop over common frames asks of a rule: kNormal, CFA from kRsp or
// kRbp, rbp unchanged or at the CFA, generation 0.
constexpr uint16_t kCommonMask = 0xffb7;
constexpr uint16_t kCommon = static_cast<uint16_t>(RuleKind::kNormal);
constexpr uint16_t kCommonCfaFromRbp = static_cast<uint16_t>(CfaBase::kRbp)
                                       << 3;
constexpr uint16_t kCommonRbpAtCfa = static_cast<uint16_t>(RbpRule::kAtCfa)
                                     << 6;

// The shim's own frames never get a slot: so the loop over common frames, which
// goes by slots alone, never meets them.
RuleWord FillSlot(ThreadState::RuleSlot* slot, uintptr_t key, Rule rule) {
  // Where rbp is unchanged the loop reads some word all the same, and drops it:
  // the one with the return address is there.
  if (rule.rbp_rule == RbpRule::kUnchanged) rule.rbp_offset = -8;
  if (!IsHiddenFrame(key)) {
    slot->return_address = key;
    slot->rule = rule;
  }
  return WordOf(rule);
}

__attribute__((noinline)) RuleWord FillCache(ThreadState::RuleSlot* slot,
                                             uintptr_t key) {
  return FillSlot(slot, key, RuleFor(key, false));
}

inline RuleWord FindRule(ThreadState* cache, uintptr_t key) {
  if (cache == nullptr) return WordOf(RuleFor(key, false));
  ThreadState::RuleSlot* slot = &cache->rules[CacheIndex(key)];
  if (slot->return_address != key) return FillCache(slot, key);
  return WordOf(slot->rule);
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

// rbp of the caller. False: not readable.
__attribute__((always_inline)) inline bool FindRbp(RuleWord rule, uintptr_t cfa,
                                                   StackMemory* memory,
                                                   uintptr_t* bp) {
  const RbpRule place = RbpRuleOf(rule);
  if (place == RbpRule::kUnchanged) return true;
  if (__builtin_expect(place == RbpRule::kAtCfa, 1)) {
    return memory->Read(cfa + RbpOffsetOf(rule), bp);
  }
  if (place == RbpRule::kAtRbp) {
    return memory->Read(*bp + RbpOffsetOf(rule), bp);
  }
  *bp = 0;
  return true;
}

bool StepByRareCfa(RuleWord rule, UnwindRegisters* at, StackMemory* memory) {
  uintptr_t cfa;
  if (!FindCfa(RuleOf(rule), *at, memory, &cfa) || cfa <= at->sp ||
      !memory->Read(cfa - 8, &at->pc)) {
    return false;
  }
  at->sp = cfa;
  return FindRbp(rule, cfa, memory, &at->bp);
}

WalkState Go(bool is_possible) {
  return is_possible ? WalkState::kMore : WalkState::kCut;
}

// The step by a rule that is not plain. *kind is this frame's, then the next
// one's; *is_frame becomes false where there is no frame at all.
__attribute__((noinline)) WalkState StepRarely(RuleWord word,
                                               UnwindRegisters* at,
                                               StackMemory* memory,
                                               HlNodeKind* kind,
                                               bool* is_frame) {
  const HlNodeKind this_kind = *kind;
  *kind = HL_NODE_RETURN_ADDRESS;
  if (at->pc == 0) {
    *is_frame = false;
    return WalkState::kWhole;
  }
  switch (RuleOf(word).kind) {
    case RuleKind::kNormal:
      return Go(StepByRareCfa(word, at, memory));
    case RuleKind::kEnd:
      return WalkState::kWhole;
    case RuleKind::kSignalFrame:
      *kind = HL_NODE_INSTRUCTION_POINTER;
      return Go(StepOutOfSignalFrame(at, memory));
    case RuleKind::kNoCfi:
      // No object's address, not after a call: a stack that was misread.
      if (this_kind == HL_NODE_RETURN_ADDRESS &&
          !MayBeReturnAddress(at->pc, 0)) {
        *is_frame = false;
        return WalkState::kCut;
      }
      // The ABI's mark of the deepest frame, as in the loader's start code.
      if (at->bp == 0) return WalkState::kWhole;
      *kind = HL_NODE_GUESSED;
      return Go(StepAlongFramePointer(at, memory));
    default:
      return WalkState::kCut;
  }
}

// One more frame in the fingerprint: a bijection for each frame, and no sum of
// frames, so that stacks of the same frames in another order differ.
inline uint64_t WithFrame(uint64_t fingerprint, uint64_t frame) {
  const uint64_t product = (fingerprint ^ frame) * UINT64_C(0x9e3779b97f4a7c15);
  return product << 29 | product >> 35;
}

// One frame of any kind, if it is one: 0 or 1 frames written.
__attribute__((noinline)) int WalkOne(StackWalk* walk, WalkedFrame* frame) {
  StackMemory memory(walk->window);
  UnwindRegisters* const at = &walk->registers;
  const RuleWord rule =
      FindRule(walk->rule_cache,
               at->pc + (walk->kind == HL_NODE_INSTRUCTION_POINTER ? 1 : 0));
  const bool is_hidden = IsHiddenFrame(at->pc);
  *frame = {at->pc, at->sp, walk->kind, GenerationOf(rule)};
  walk->fingerprint =
      WithFrame(walk->fingerprint, at->pc ^ uint64_t{GenerationOf(rule)} << 48 ^
                                       uint64_t{walk->kind} << 60);
  bool is_frame = true;
  if ((rule & kPlainMask) == kPlain) {
    walk->kind = HL_NODE_RETURN_ADDRESS;
    const uintptr_t cfa =
        ((rule & kCfaFromRbp) != 0 ? at->bp : at->sp) + CfaOffsetOf(rule);
    bool is_possible = cfa > at->sp && memory.Read(cfa - 8, &at->pc);
    if (is_possible) {
      at->sp = cfa;
      is_possible = FindRbp(rule, cfa, &memory, &at->bp);
    }
    walk->state = Go(is_possible);
  } else {
    walk->state = StepRarely(rule, at, &memory, &walk->kind, &is_frame);
    if (!is_frame) walk->fingerprint = WithFrame(walk->fingerprint, 0);
  }
  return is_frame && !is_hidden ? 1 : 0;
}

// Walks over frames as long as each has a common rule in the thread's cache and
// stands in the window; the chain from one return address to the next is what
// it takes, so the rest is kept short and without branches. Returns the end of
// what it wrote.
WalkedFrame* WalkCommonFrames(StackWalk* walk, WalkedFrame* frame,
                              const WalkedFrame* end) {
  const ThreadState::RuleSlot* const rules = walk->rule_cache->rules;
  const uintptr_t low = walk->window->low;
  const uintptr_t window_bytes = walk->window->high - low;
  if (window_bytes < sizeof(uintptr_t)) return frame;
  const uintptr_t last_offset = window_bytes - sizeof(uintptr_t);
  uintptr_t pc = walk->registers.pc;
  uintptr_t sp = walk->registers.sp;
  uintptr_t bp = walk->registers.bp;
  uint64_t fingerprint = walk->fingerprint;
  for (; frame != end; ++frame) {
    const ThreadState::RuleSlot& slot = rules[CacheIndex(pc)];
    if (__builtin_expect(slot.return_address != pc, 0)) break;
    uint16_t kind;
    __builtin_memcpy(&kind, &slot.rule, sizeof(kind));
    if (__builtin_expect((kind & kCommonMask) != kCommon, 0)) break;
    const uintptr_t cfa =
        ((kind & kCommonCfaFromRbp) != 0 ? bp : sp) + slot.rule.cfa_offset;
    const uintptr_t saved_bp = cfa + slot.rule.rbp_offset;
    if (__builtin_expect(cfa <= sp || cfa - 8 - low > last_offset ||
                             saved_bp - low > last_offset,
                         0)) {
      break;
    }
    frame->pc = pc;
    frame->sp = sp;
    frame->kind = HL_NODE_RETURN_ADDRESS;
    frame->generation = 0;
    fingerprint = WithFrame(fingerprint, pc);
    uintptr_t word;
    __builtin_memcpy(&word, reinterpret_cast<const void*>(saved_bp),
                     sizeof(word));
    bp = (kind & kCommonRbpAtCfa) != 0 ? word : bp;
    __builtin_memcpy(&pc, reinterpret_cast<const void*>(cfa - 8), sizeof(pc));
    sp = cfa;
  }
  walk->registers = {pc, sp, bp, false};
  walk->fingerprint = fingerprint;
  return frame;
}

}  // namespace

int WalkFurther(StackWalk* walk, WalkedFrame* frames, int capacity) {
  WalkedFrame* frame = frames;
  WalkedFrame* const end = frames + capacity;
  while (walk->state == WalkState::kMore && frame != end) {
    if (walk->rule_cache != nullptr && walk->kind == HL_NODE_RETURN_ADDRESS) {
      frame = WalkCommonFrames(walk, frame, end);
      if (frame == end) break;
    }
    frame += WalkOne(walk, frame);
  }
  walk->registers.pc_is_exact = walk->kind == HL_NODE_INSTRUCTION_POINTER;
  return static_cast<int>(frame - frames);
}

bool StepOutwards(StackWalk* walk) {
  if (walk->state != WalkState::kMore) return false;
  WalkedFrame frame;
  WalkOne(walk, &frame);
  walk->registers.pc_is_exact = walk->kind == HL_NODE_INSTRUCTION_POINTER;
  return true;
}

void PutRule(ThreadState* rule_cache, uintptr_t key, Rule rule) {
  FillSlot(&rule_cache->rules[CacheIndex(key)], key, rule);
}

void HideFrames(uintptr_t start, uintptr_t end) {
  hidden_start = start;
  hidden_bytes = end - start;
}

bool IsHiddenFrame(uintptr_t pc) { return pc - hidden_start < hidden_bytes; }

}  // namespace heapline
