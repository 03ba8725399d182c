// live_objects.cc: open addressing, linear probing.
#include "samples/runtime/live_objects.h"

#include <sys/mman.h>

#include <new>

#include "samples/runtime/disguise.h"
#include "samples/runtime/object.h"

namespace runtime {
namespace {

constexpr size_t kFirstCapacity = 4096;

uintptr_t* MapSlots(size_t capacity) {
  void* const memory =
      mmap(nullptr, capacity * sizeof(uintptr_t), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<uintptr_t*>(memory);
}

void UnmapSlots(uintptr_t* slots, size_t capacity) {
  if (slots != nullptr) munmap(slots, capacity * sizeof(uintptr_t));
}

}  // namespace

LiveObjectTable::~LiveObjectTable() { UnmapSlots(slots_, capacity_); }

size_t LiveObjectTable::Home(uintptr_t word) const {
  // Fibonacci hashing: the upper half of the product is well mixed.
  return (((word >> 4) * 0x9e3779b97f4a7c15u) >> 32) & (capacity_ - 1);
}

void LiveObjectTable::Put(uintptr_t word) {
  size_t slot = Home(word);
  while (slots_[slot] != 0) slot = (slot + 1) & (capacity_ - 1);
  slots_[slot] = word;
}

void LiveObjectTable::Grow() {
  uintptr_t* const old_slots = slots_;
  const size_t old_capacity = capacity_;
  const size_t capacity = old_capacity == 0 ? kFirstCapacity : 2 * old_capacity;
  slots_ = MapSlots(capacity);
  capacity_ = capacity;
  for (size_t i = 0; i < old_capacity; ++i) {
    if (old_slots[i] != 0) Put(old_slots[i]);
  }
  UnmapSlots(old_slots, old_capacity);
}

void LiveObjectTable::Insert(Object* object) {
  if (2 * (size_ + 1) > capacity_) Grow();
  Put(Disguised(object));
  ++size_;
}

void LiveObjectTable::Erase(Object* object) {
  const uintptr_t word = Disguised(object);
  const size_t mask = capacity_ - 1;
  size_t hole = Home(word);
  while (slots_[hole] != word) hole = (hole + 1) & mask;
  // Those behind that a search would not find any more move into the hole.
  for (size_t slot = (hole + 1) & mask; slots_[slot] != 0;
       slot = (slot + 1) & mask) {
    const size_t distance = (slot - Home(slots_[slot])) & mask;
    if (distance < ((slot - hole) & mask)) continue;
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = 0;
  --size_;
}

void LiveObjectTable::ForEach(FunctionRef<void(Object*)> visit) const {
  for (size_t i = 0; i < capacity_; ++i) {
    if (slots_[i] != 0) visit(Undisguised<Object>(slots_[i]));
  }
}

}  // namespace runtime
