#include "preload/cfi_rules.h"

#include "preload/cfi_program.h"
#include "preload/eh_frame.h"
#include "preload/loaded_object.h"
#include "preload/modules.h"
#include "preload/pages.h"

namespace heapline {
namespace {

// One rule of the shared table. A slot belongs to its key for ever; its rule is
// 0 while it is being made and after it was forgotten.
struct Slot {
  uint64_t key;  // the address looked up, plus 1; 0: free
  uint64_t rule;
};

// Only the newest table takes insertions; what is found in an older one is
// copied forward.
struct Table {
  Table* older;
  size_t mask;  // slots - 1
  size_t used;
  Slot slots[];
};

constexpr size_t kFirstSlots = size_t{1} << 12;
constexpr size_t kMostSlots = size_t{1} << 20;
constexpr size_t kMostProbes = 32;

Table* newest_table;
uint64_t rule_generation;

union RuleBits {
  Rule rule;
  uint64_t bits;
};
uint64_t ToBits(Rule rule) {
  RuleBits both;
  both.rule = rule;
  return both.bits;
}
Rule FromBits(uint64_t bits) {
  RuleBits both;
  both.bits = bits;
  return both.rule;
}

size_t FirstIndex(uint64_t key) {
  return (key * UINT64_C(0x9e3779b97f4a7c15)) >> 40;
}

size_t TableBytes(size_t slots) { return sizeof(Table) + slots * sizeof(Slot); }

Table* AddTable(Table* older) {
  const size_t slots = older == nullptr ? kFirstSlots : (older->mask + 1) * 4;
  if (slots > kMostSlots) return nullptr;
  auto* table =
      static_cast<Table*>(MapPages(TableBytes(slots), PageUse::kNodes));
  if (table == nullptr) return nullptr;
  table->older = older;
  table->mask = slots - 1;
  if (!__atomic_compare_exchange_n(&newest_table, &older, table, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    UnmapPages(table, TableBytes(slots));
    return older;
  }
  return table;
}

// The rule of `key` in one table; 0: not there.
uint64_t FindIn(const Table& table, uint64_t key) {
  size_t index = FirstIndex(key);
  for (size_t probe = 0; probe < kMostProbes; ++probe, ++index) {
    const Slot& slot = table.slots[index & table.mask];
    const uint64_t found = __atomic_load_n(&slot.key, __ATOMIC_RELAXED);
    if (found == key) return __atomic_load_n(&slot.rule, __ATOMIC_ACQUIRE);
    if (found == 0) return 0;
  }
  return 0;
}

// False: no slot near enough is free.
bool PutIn(Table* table, uint64_t key, uint64_t rule) {
  size_t index = FirstIndex(key);
  for (size_t probe = 0; probe < kMostProbes; ++probe, ++index) {
    Slot* slot = &table->slots[index & table->mask];
    uint64_t found = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);
    if (found == 0 &&
        __atomic_compare_exchange_n(&slot->key, &found, key, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      __atomic_fetch_add(&table->used, 1, __ATOMIC_RELAXED);
      found = key;
    }
    if (found == key) {
      __atomic_store_n(&slot->rule, rule, __ATOMIC_RELEASE);
      return true;
    }
  }
  return false;
}

void Remember(uint64_t key, uint64_t rule) {
  Table* table = __atomic_load_n(&newest_table, __ATOMIC_ACQUIRE);
  if (table == nullptr) return;
  const size_t used = __atomic_load_n(&table->used, __ATOMIC_RELAXED);
  const bool is_crowded = used > table->mask / 2;
  if (!is_crowded && PutIn(table, key, rule)) return;
  Table* grown = AddTable(table);
  PutIn(grown == nullptr ? table : grown, key, rule);
}

// `mov $15, %rax; syscall`: how a handler returns where no CFI says so.
bool IsSignalReturn(const LoadedObject& object, uintptr_t address) {
  static const unsigned char kCode[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00,
                                        0x00, 0x00, 0x0f, 0x05};
  MappedBytes segment;
  if (!ReadableSegmentAt(object, address, &segment)) return false;
  const auto* code = reinterpret_cast<const unsigned char*>(address);
  return static_cast<size_t>(segment.end - code) >= sizeof(kCode) &&
         __builtin_memcmp(code, kCode, sizeof(kCode)) == 0;
}

Rule RuleOfKind(RuleKind kind) {
  Rule rule = {};
  rule.kind = kind;
  rule.rbp_rule = RbpRule::kUndefined;
  return rule;
}

Rule MakeRule(uintptr_t address) {
  LoadedObject object;
  if (!FindLoadedObject(address, &object)) {
    return RuleOfKind(RuleKind::kNoCfi);
  }
  Rule rule = RuleOfKind(RuleKind::kNoCfi);
  FrameDescription description;
  if (FindFrameDescription(object, address, &description)) {
    rule = RuleFromDescription(description, address);
  } else if (IsSignalReturn(object, address + 1)) {
    rule = RuleOfKind(RuleKind::kSignalFrame);
  } else if (FindFrameDescription(object, address + 1, &description) &&
             description.pc_begin == address + 1) {
    // Nobody calls from before a function's first instruction: a return
    // address made by hand, as makecontext makes the deepest frame's.
    rule = RuleOfKind(RuleKind::kEnd);
  }
  const Module* module = NoteModuleAt(address);
  rule.generation = module == nullptr ? 0 : module->generation;
  return rule;
}

}  // namespace

bool InitializeRules() {
  if (!InitializeLoadedObjects()) return false;
  return __atomic_load_n(&newest_table, __ATOMIC_ACQUIRE) != nullptr ||
         AddTable(nullptr) != nullptr;
}

Rule RuleFor(uintptr_t pc, bool pc_is_exact) {
  const uint64_t key = pc + (pc_is_exact ? 1 : 0);
  if (key == 0) return RuleOfKind(RuleKind::kNoCfi);
  Table* const newest = __atomic_load_n(&newest_table, __ATOMIC_ACQUIRE);
  for (Table* table = newest; table != nullptr; table = table->older) {
    const uint64_t bits = FindIn(*table, key);
    if (bits == 0) continue;
    if (table != newest) Remember(key, bits);
    return FromBits(bits);
  }
  const Rule rule = MakeRule(key - 1);
  // Also what lies outside all modules: noting a new module forgets its range.
  Remember(key, ToBits(rule));
  return rule;
}

void ForgetRules(uintptr_t start, uintptr_t end) {
  for (Table* table = __atomic_load_n(&newest_table, __ATOMIC_ACQUIRE);
       table != nullptr; table = table->older) {
    for (size_t i = 0; i <= table->mask; ++i) {
      const uint64_t key =
          __atomic_load_n(&table->slots[i].key, __ATOMIC_RELAXED);
      if (key > start && key <= end) {
        __atomic_store_n(&table->slots[i].rule, 0, __ATOMIC_RELAXED);
      }
    }
  }
  __atomic_fetch_add(&rule_generation, 1, __ATOMIC_RELEASE);
}

uint64_t RuleGeneration() {
  return __atomic_load_n(&rule_generation, __ATOMIC_ACQUIRE);
}

uintptr_t FunctionStart(uintptr_t pc) {
  LoadedObject object;
  FrameDescription description;
  if (pc == 0 || !FindLoadedObject(pc - 1, &object) ||
      !FindFrameDescription(object, pc - 1, &description)) {
    return 0;
  }
  return description.pc_begin;
}

Rule RuleFromEhFrame(const unsigned char* frame, const unsigned char* frame_end,
                     const unsigned char* fde, uintptr_t pc) {
  FrameDescription description;
  if (!ReadFrameDescription({frame, frame_end}, fde, &description) ||
      pc < description.pc_begin || pc >= description.pc_end) {
    return RuleOfKind(RuleKind::kNoCfi);
  }
  return RuleFromDescription(description, pc);
}

}  // namespace heapline
