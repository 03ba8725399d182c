// Fuzzes capture's two readers of hostile bytes: unwind tables, and stacks
// walked by the rules that those tables gave. The input is
//
//   flags | pc sp bp (2 bytes each) | count of stack words | the words, 2 bytes
//   each, repeated over the stack | .eh_frame_hdr and .eh_frame
//
// A word is a kind and a number, see WordOf: so that code, stack and what lies
// beside them are all likely.
//
// Promises: nothing outside the tables and the stack is read (it would fault:
// hostile_object.h); every rule has a kind; a walk climbs, ends, and is the
// same in one go and frame by frame.
#include "preload/cfi_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "preload/capture.h"
#include "preload/cfi_program.h"
#include "preload/eh_frame.h"
#include "preload/stack_walk.h"
#include "preload/thread_state.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/hostile_object.h"

namespace heapline {
namespace {

// Return addresses with a rule: kCode + 1 to kCode + kCodeBytes.
constexpr uintptr_t kCodeBytes = 32;
constexpr int kMostFrames = 64;

HostileObject* hostile;
ThreadState* rule_cache;
Rule rules[kCodeBytes];

uintptr_t WordOf(uint8_t kind, uint8_t number) {
  constexpr uintptr_t kOdd[] = {0,
                                1,
                                8,
                                4096,
                                kStack - 8,
                                kStack - 1,
                                kStack + kStackWords * 8,
                                kStack + kStackWords * 8 - 1,
                                kStack + kStackWords * 8 - 7,
                                kCode,
                                kCode + 4095,
                                kCode + 4096,
                                (uintptr_t{1} << 47) - 8,
                                (uintptr_t{1} << 47) - 1,
                                uintptr_t{1} << 63,
                                UINTPTR_MAX};
  switch (kind & 3) {
    case 0:
      return kCode + 1 + number % kCodeBytes;
    case 1:
      return kStack + size_t{number} * 16 + (kind >> 2 & 8);
    case 2:
      return kStack + size_t{number} * 16 + (kind >> 2);
    default:
      return kOdd[number % 16] + (kind >> 2);
  }
}

// Reads the input from its front.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  uintptr_t Word() {
    const uint8_t kind = Byte();
    return WordOf(kind, Byte());
  }
  const uint8_t* rest() const { return data_; }
  size_t rest_bytes() const { return size_; }

 private:
  const uint8_t* data_;
  size_t size_;
};

void FillStack(Input* input) {
  uintptr_t* const stack = hostile->stack();
  const size_t words = 1 + input->Byte() % 64;
  for (size_t i = 0; i < words; ++i) stack[i] = input->Word();
  for (size_t i = words; i < kStackWords; ++i) stack[i] = stack[i - words];
}

Rule RuleOf(uintptr_t address) {
  FrameDescription description;
  if (FindFrameDescription(hostile->object(), address, &description)) {
    FUZZ_CHECK(address >= description.pc_begin && address < description.pc_end,
               "what is found covers the address");
    return RuleFromDescription(description, address);
  }
  Rule rule = {};
  rule.kind = RuleKind::kNoCfi;
  rule.rbp_rule = RbpRule::kUndefined;
  return rule;
}

// A walk may put other addresses into the same places: before each.
void FillRuleCache() {
  for (uintptr_t i = 0; i < kCodeBytes; ++i) {
    PutRule(rule_cache, kCode + 1 + i, rules[i]);
  }
}

void MakeRules() {
  for (uintptr_t i = 0; i < kCodeBytes; ++i) {
    rules[i] = RuleOf(kCode + i);
    FUZZ_CHECK(rules[i].kind != RuleKind::kNone, "every address has a rule");
  }
  // By the other way in, from any place of the section.
  const MappedBytes& section = hostile->section();
  const size_t bytes = static_cast<size_t>(section.end - section.begin);
  const size_t step = 1 + bytes / 16;
  for (size_t fde = 0; fde <= bytes; fde += step) {
    const Rule rule =
        RuleFromEhFrame(section.begin, section.end, section.begin + fde, kCode);
    FUZZ_CHECK(rule.kind != RuleKind::kNone, "every address has a rule");
  }
}

int WalkByFrame(const UnwindRegisters& from, WalkedFrame* frames,
                WalkState* state) {
  FillRuleCache();
  ReadableWindow window = {};
  StackWalk walk = BeginWalk(from, &window, rule_cache);
  int count = 0;
  while (count < kMostFrames && walk.state == WalkState::kMore) {
    count += WalkFurther(&walk, frames + count, 1);
  }
  *state = walk.state;
  return count;
}

void Walk(const UnwindRegisters& from) {
  WalkedFrame at_once[kMostFrames];
  WalkedFrame one_by_one[kMostFrames];
  FillRuleCache();
  ReadableWindow window = {};
  StackWalk walk = BeginWalk(from, &window, rule_cache);
  const int count = WalkFurther(&walk, at_once, kMostFrames);
  FUZZ_CHECK(count == kMostFrames || walk.state != WalkState::kMore,
             "a walk stops for a reason");
  WalkState state;
  FUZZ_CHECK(
      WalkByFrame(from, one_by_one, &state) == count && state == walk.state,
      "a walk is the same frame by frame");
  for (int i = 0; i < count; ++i) {
    FUZZ_CHECK(at_once[i].pc == one_by_one[i].pc &&
                   at_once[i].sp == one_by_one[i].sp &&
                   at_once[i].kind == one_by_one[i].kind,
               "frames are the same frame by frame");
    FUZZ_CHECK(i == 0 || at_once[i].kind == HL_NODE_INSTRUCTION_POINTER ||
                   at_once[i].sp > at_once[i - 1].sp,
               "a walk climbs");
  }
}

// A walk over a stack of plain frames finds them all: the rules that are put
// into the cache are those that the walk uses.
void CheckStart() {
  Rule plain = {};
  plain.kind = RuleKind::kNormal;
  plain.cfa_base = CfaBase::kRsp;
  plain.rbp_rule = RbpRule::kUnchanged;
  plain.cfa_offset = 8;
  std::fill(rules, rules + kCodeBytes, plain);
  FillRuleCache();
  for (size_t i = 0; i < kStackWords; ++i) hostile->stack()[i] = kCode + 1;
  ReadableWindow window = {};
  WalkedFrame frames[kMostFrames];
  StackWalk walk =
      BeginWalk({kCode + 1, kStack, 0, false}, &window, rule_cache);
  FUZZ_CHECK(WalkFurther(&walk, frames, kMostFrames) == kMostFrames,
             "a plain stack is walked");
}

}  // namespace
}  // namespace heapline

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using namespace heapline;  // NOLINT
  hostile = new HostileObject;
  rule_cache = new ThreadState();
  FUZZ_CHECK(InitializeRules(), "rules can be made");
  CheckStart();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heapline;  // NOLINT
  Input input(data, size);
  const uint8_t flags = input.Byte();
  const uintptr_t pc = input.Word();
  const uintptr_t sp = input.Word();
  const uintptr_t bp = input.Word();
  FillStack(&input);
  constexpr SearchHeader kHeaders[] = {SearchHeader::kNone, SearchHeader::kRows,
                                       SearchHeader::kHostile,
                                       SearchHeader::kRows};
  hostile->SetTables(
      input.rest(),
      std::min(input.rest_bytes(), HostileObject::kMostTableBytes),
      kHeaders[flags & 3]);
  MakeRules();
  Walk({pc, sp, bp, (flags & 4) != 0});
  return 0;
}
