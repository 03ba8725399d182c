#include "preload/stop_slots.h"

#include "preload/pages.h"

namespace heapline {
namespace {

struct SlotTable {
  SlotTable* older;
  size_t mask;
  size_t used;
  StopSlot slots[];
};

SlotTable* newest_table;

constexpr size_t kLeastSlots = 128;

size_t HashOf(int32_t tid) {
  return static_cast<uint32_t>(tid) * size_t{0x9e3779b1} >> 7;
}

SlotTable* MakeTable(size_t slots) {
  SlotTable* table = static_cast<SlotTable*>(MapPages(
      sizeof(SlotTable) + slots * sizeof(StopSlot), PageUse::kEssential));
  if (table == nullptr) return nullptr;
  table->mask = slots - 1;
  table->older = newest_table;
  __atomic_store_n(&newest_table, table, __ATOMIC_RELEASE);
  return table;
}

}  // namespace

bool PrepareStopSlots(size_t threads) {
  if (newest_table != nullptr && newest_table->mask + 1 >= threads * 2) {
    newest_table->used = 0;
    return true;
  }
  size_t slots = kLeastSlots;
  while (slots < threads * 2) slots *= 2;
  return MakeTable(slots) != nullptr;
}

StopSlot* FindStopSlot(uint32_t stop, int32_t tid) {
  for (SlotTable* table = __atomic_load_n(&newest_table, __ATOMIC_ACQUIRE);
       table != nullptr; table = table->older) {
    for (size_t at = HashOf(tid) & table->mask;; at = (at + 1) & table->mask) {
      StopSlot* slot = &table->slots[at];
      if (!slot->BelongsTo(stop)) break;
      if (slot->tid == tid) return slot;
    }
  }
  return nullptr;
}

StopSlot* AddStopSlot(uint32_t stop, int32_t tid) {
  SlotTable* table = newest_table;
  if (table->used * 2 >= table->mask + 1) {
    table = MakeTable((table->mask + 1) * 2);
    if (table == nullptr) return nullptr;
  }
  size_t at = HashOf(tid) & table->mask;
  while (table->slots[at].BelongsTo(stop)) at = (at + 1) & table->mask;
  ++table->used;
  StopSlot* slot = &table->slots[at];
  slot->tid = tid;
  slot->call_number_plus_1 = 0;
  slot->call_sp = 0;
  slot->call_pc = 0;
  slot->is_forced = 0;
  slot->ran_ns = 0;
  slot->flags = 0;
  slot->registers = nullptr;
  slot->sp = 0;
  slot->thread_pointer = 0;
  slot->name[0] = '\0';
  return slot;
}

StopSlot* NextStopSlot(uint32_t stop, StopSlotCursor* cursor) {
  SlotTable* table =
      cursor->table == nullptr
          ? newest_table
          : static_cast<SlotTable*>(const_cast<void*>(cursor->table));
  for (; table != nullptr; table = table->older, cursor->index = 0) {
    cursor->table = table;
    while (cursor->index <= table->mask) {
      StopSlot* slot = &table->slots[cursor->index++];
      if (slot->BelongsTo(stop)) return slot;
    }
  }
  // Stay at the end when asked again.
  cursor->index = ~size_t{0};
  return nullptr;
}

}  // namespace heapline
