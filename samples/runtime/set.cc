// set.cc
#include "samples/runtime/set.h"

#include <new>

#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/probe.h"
#include "samples/runtime/repr.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

// Hashes of entries without a key.
constexpr uint64_t kNeverUsed = 0;
constexpr uint64_t kRemovedKey = 1;

// From here on a set grows to twice its size, not to four times.
constexpr size_t kLargeSet = 50000;

}  // namespace

Ref<Set> Set::Make() { return Runtime::Current().New<Set>(0); }

Ref<Set> Set::Make(std::initializer_list<Object*> keys, Site site) {
  Ref<Set> set = Make();
  for (Object* const key : keys) set->Add(key, site);
  return set;
}

Set::~Set() { Clear(); }

Set::Entry* Set::NewTable(size_t slots) {
  void* const block =
      Runtime::Current().allocator().Allocate(slots * sizeof(Entry));
  Entry* const table = static_cast<Entry*>(block);
  for (size_t i = 0; i < slots; ++i) new (&table[i]) Entry();
  return table;
}

// What the entries hold may die.
void Set::FreeTable(Entry* table, size_t slots) {
  if (table == nullptr) return;
  for (size_t i = 0; i < slots; ++i) table[i].~Entry();
  Runtime::Current().allocator().Free(table, slots * sizeof(Entry));
}

const Set::Entry* Set::Find(const Object* key) const {
  const uint64_t hash = key->Hash();
  for (Probe probe(hash, mask_);; probe.Next()) {
    const Entry& entry = table()[probe.slot()];
    if (entry.key == nullptr) {
      if (entry.hash == kNeverUsed) return nullptr;
    } else if (entry.hash == hash &&
               (entry.key == key || entry.key->Equals(*key))) {
      return &entry;
    }
  }
}

bool Set::Contains(const Object* key) const { return Find(key) != nullptr; }

bool Set::Add(Object* key, Site site) {
  if (Find(key) != nullptr) return false;
  const uint64_t hash = key->Hash();
  Entry& entry = table()[NeverUsed(hash)];
  new (&entry.key) Slot(key, site);  // it was empty
  entry.hash = hash;
  ++filled_;
  ++size_;
  ++changes_;
  if (filled_ * 5 >= mask_ * 3) Resize();
  return true;
}

// The places of removed keys are not used again until the table is made anew.
size_t Set::NeverUsed(uint64_t hash) const {
  Probe probe(hash, mask_);
  for (;; probe.Next()) {
    const Entry& entry = table()[probe.slot()];
    if (entry.key == nullptr && entry.hash == kNeverUsed) return probe.slot();
  }
}

void Set::Resize() {
  const size_t wanted = size_ > kLargeSet ? size_ * 2 : size_ * 4;
  size_t slots = kSmallSlots;
  while (slots <= wanted) slots *= 2;

  const size_t old_slots = mask_ + 1;
  Entry* const old_table = table_;
  Entry old_small[kSmallSlots];
  if (old_table == nullptr) {
    for (size_t i = 0; i < kSmallSlots; ++i) {
      old_small[i] = static_cast<Entry&&>(small_[i]);
      small_[i].hash = kNeverUsed;
    }
  }
  table_ = slots == kSmallSlots ? nullptr : NewTable(slots);
  mask_ = slots - 1;
  filled_ = size_;
  Entry* const from = old_table != nullptr ? old_table : old_small;
  for (size_t i = 0; i < old_slots; ++i) {
    if (from[i].key == nullptr) continue;
    table()[NeverUsed(from[i].hash)] = static_cast<Entry&&>(from[i]);
  }
  FreeTable(old_table, old_slots);
}

Ref<Object> Set::Take(Entry* entry) {
  Slot key = static_cast<Slot&&>(entry->key);
  entry->hash = kRemovedKey;
  --size_;
  ++changes_;
  return key;
}

bool Set::Discard(const Object* key) {
  const Entry* const entry = Find(key);
  if (entry == nullptr) return false;
  Take(const_cast<Entry*>(entry));
  return true;
}

void Set::Remove(const Object* key) {
  if (!Discard(key)) throw KeyError(Repr(key));
}

Ref<Object> Set::Pop() {
  if (size_ == 0) throw KeyError("'pop from an empty set'");
  while (table()[next_pop_ & mask_].key == nullptr) ++next_pop_;
  return Take(&table()[next_pop_++ & mask_]);
}

void Set::ForEach(FunctionRef<void(Object* key)> visit) const {
  const uint64_t changes = changes_;
  for (size_t i = 0; i <= mask_; ++i) {
    if (table()[i].key == nullptr) continue;
    visit(table()[i].key);
    if (changes_ != changes)
      throw RuntimeError("Set changed size during iteration");
  }
}

size_t Set::ShallowBytes() const {
  return sizeof(*this) + (table_ != nullptr ? slots() * sizeof(Entry) : 0);
}

void Set::Traverse(Visit visit) const {
  for (size_t i = 0; i <= mask_; ++i) TraverseField(visit, table()[i].key);
}

void Set::Clear() {
  Entry* const old_table = table_;
  const size_t old_slots = mask_ + 1;
  Entry old_small[kSmallSlots];  // whose keys die when all here is empty
  for (size_t i = 0; i < kSmallSlots; ++i) {
    old_small[i] = static_cast<Entry&&>(small_[i]);
    small_[i].hash = kNeverUsed;
  }
  table_ = nullptr;
  mask_ = kSmallSlots - 1;
  filled_ = size_ = next_pop_ = 0;
  ++changes_;
  FreeTable(old_table, old_slots);
}

void Set::Describe(LayoutVisitor* visitor) const {
  visitor->Block(this, OffsetIn(this, &table_), table_,
                 slots() * sizeof(Entry));
  const void* const block =
      table_ != nullptr ? static_cast<const void*>(table_) : this;
  for (size_t i = 0; i <= mask_; ++i)
    DescribeFields(visitor, block, table()[i].key);
  visitor->Weak(this, OffsetIn(this, &weak_refs_), weak_refs_);
}

}  // namespace runtime
