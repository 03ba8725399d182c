// dict.cc
#include "samples/runtime/dict.h"

#include <cstring>
#include <new>

#include "samples/runtime/cast.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/interning.h"
#include "samples/runtime/probe.h"
#include "samples/runtime/repr.h"
#include "samples/runtime/runtime.h"
#include "samples/runtime/text.h"

namespace runtime {
namespace {

constexpr size_t kLeastSlots = 8;
// In the index, instead of an entry's number.
constexpr int32_t kEmptySlot = -1;
constexpr int32_t kRemovedSlot = -2;

size_t SlotsFor(size_t entries) {
  size_t slots = kLeastSlots;
  while (slots < entries) slots *= 2;
  return slots;
}

size_t IndexBytesFor(size_t slots) {
  if (slots <= 0x80) return 1;
  return slots <= 0x8000 ? 2 : 4;
}

}  // namespace

struct Dict::Entry {
  uint64_t hash = 0;
  Slot key;  // nullptr: removed
  Slot value;
};

// The head of the block, with the index and the entries behind it.
struct Dict::Keys {
  uint64_t slots;
  uint64_t index_bytes;  // of a slot
  uint64_t usable;       // entries there is room for
  uint64_t used;         // entries, removed ones with them

  static Keys* Make(size_t slots) {
    const Keys head{slots, IndexBytesFor(slots), slots * 2 / 3, 0};
    void* const block = Runtime::Current().allocator().Allocate(head.bytes());
    Keys* const keys = new (block) Keys(head);
    memset(keys->index(), 0xff, keys->slots * keys->index_bytes);  // kEmptySlot
    for (size_t i = 0; i < keys->usable; ++i) new (&keys->entries()[i]) Entry();
    return keys;
  }
  // What the entries hold may die.
  static void Free(Keys* keys) {
    if (keys == nullptr) return;
    for (size_t i = 0; i < keys->usable; ++i) keys->entries()[i].~Entry();
    Runtime::Current().allocator().Free(keys, keys->bytes());
  }

  size_t bytes() const {
    return sizeof(*this) + slots * index_bytes + usable * sizeof(Entry);
  }
  char* index() { return reinterpret_cast<char*>(this + 1); }
  Entry* entries() {
    return reinterpret_cast<Entry*>(index() + slots * index_bytes);
  }

  int32_t IndexAt(size_t slot) {
    const char* const at = index() + slot * index_bytes;
    if (index_bytes == 1) return static_cast<signed char>(*at);
    if (index_bytes == 4) return ReadAs<int32_t>(at);
    return ReadAs<int16_t>(at);
  }
  void SetIndex(size_t slot, int32_t value) {
    char* const at = index() + slot * index_bytes;
    // Two's complement: the lower bytes are the same number, where it fits.
    memcpy(at, &value, index_bytes);
  }

 private:
  template <typename T>
  static T ReadAs(const char* at) {
    T value;
    memcpy(&value, at, sizeof value);
    return value;
  }
};

struct Dict::Found {
  Entry* entry = nullptr;  // nullptr: absent
  size_t slot = 0;         // where it is, or where it would go
};

Ref<Dict> Dict::Make() { return Runtime::Current().New<Dict>(0); }

Dict::~Dict() { Clear(); }

size_t Dict::slots() const { return keys_ != nullptr ? keys_->slots : 0; }

Dict::Found Dict::Find(uint64_t hash, IsKey is_key) const {
  if (keys_ == nullptr) return {};
  Probe probe(hash, keys_->slots - 1);
  for (;; probe.Next()) {
    const int32_t index = keys_->IndexAt(probe.slot());
    if (index == kEmptySlot) return {nullptr, probe.slot()};
    if (index == kRemovedSlot) continue;
    Entry* const entry = &keys_->entries()[index];
    if (entry->hash == hash && is_key(entry->key)) return {entry, probe.slot()};
  }
}

Dict::Found Dict::Find(const Object* key) const {
  return Find(key->Hash(), [key](const Object* other) {
    return other == key || other->Equals(*key);
  });
}

Dict::Found Dict::Find(std::string_view key) const {
  return Find(HashText(key), [key](const Object* other) {
    const Str* const text = Cast<Str>(other);
    return text != nullptr && text->view() == key;
  });
}

Object* Dict::Get(const Object* key) const {
  const Found found = Find(key);
  return found.entry != nullptr ? found.entry->value.get() : nullptr;
}

Object* Dict::Get(std::string_view key) const {
  const Found found = Find(key);
  return found.entry != nullptr ? found.entry->value.get() : nullptr;
}

Object* Dict::At(const Object* key) const {
  Object* const value = Get(key);
  if (value == nullptr) throw KeyError(Repr(key));
  return value;
}

Object* Dict::At(std::string_view key) const {
  Object* const value = Get(key);
  if (value == nullptr) throw KeyError(Quoted(key));
  return value;
}

void Dict::Set(Object* key, Object* value, Site site) {
  const Found found = Find(key);
  if (found.entry != nullptr) {
    found.entry->value = Slot(value, site);
  } else {
    Insert(found.slot, key->Hash(), key, value, site);
  }
}

void Dict::Set(std::string_view key, Object* value, Site site) {
  const Found found = Find(key);
  if (found.entry != nullptr) {
    found.entry->value = Slot(value, site);
  } else {
    const Ref<Str> text = Runtime::Current().interning().Intern(key);
    Insert(found.slot, text->Hash(), text, value, site);
  }
}

void Dict::Insert(size_t slot, uint64_t hash, Object* key, Object* value,
                  Site site) {
  if (keys_ == nullptr || keys_->used == keys_->usable) {
    Resize();
    Probe probe(hash, keys_->slots - 1);
    while (keys_->IndexAt(probe.slot()) != kEmptySlot) probe.Next();
    slot = probe.slot();
  }
  Entry& entry = keys_->entries()[keys_->used];
  entry.hash = hash;
  new (&entry.key) Slot(key, site);  // both were empty
  new (&entry.value) Slot(value, site);
  keys_->SetIndex(slot, static_cast<int32_t>(keys_->used));
  ++keys_->used;
  ++size_;
  ++changes_;
}

void Dict::Resize() {
  Keys* const old = keys_;
  Keys* const made = Keys::Make(SlotsFor(size_ * 3));
  for (size_t i = 0; old != nullptr && i < old->used; ++i) {
    Entry& from = old->entries()[i];
    if (from.key == nullptr) continue;
    Probe probe(from.hash, made->slots - 1);
    while (made->IndexAt(probe.slot()) != kEmptySlot) probe.Next();
    made->SetIndex(probe.slot(), static_cast<int32_t>(made->used));
    made->entries()[made->used++] = static_cast<Entry&&>(from);
  }
  if (old != nullptr) ++resizes_;
  keys_ = made;
  Keys::Free(old);
}

Ref<Object> Dict::Remove(const Object* key) { return Take(Find(key)); }

Ref<Object> Dict::Remove(std::string_view key) { return Take(Find(key)); }

Ref<Object> Dict::Take(const Found& found) {
  if (found.entry == nullptr) return nullptr;
  keys_->SetIndex(found.slot, kRemovedSlot);
  --size_;
  ++changes_;
  Slot value = static_cast<Slot&&>(found.entry->value);
  const Slot key = static_cast<Slot&&>(found.entry->key);  // may die at the end
  return value;
}

void Dict::Delete(const Object* key) {
  if (Remove(key) == nullptr) throw KeyError(Repr(key));
}

void Dict::Delete(std::string_view key) {
  if (Remove(key) == nullptr) throw KeyError(Quoted(key));
}

void Dict::ForEach(FunctionRef<void(Object* key, Object* value)> visit) const {
  const uint64_t changes = changes_;
  for (size_t i = 0; keys_ != nullptr && i < keys_->used; ++i) {
    const Entry& entry = keys_->entries()[i];
    if (entry.key == nullptr) continue;
    visit(entry.key, entry.value);
    if (changes_ != changes)
      throw RuntimeError("dictionary changed size during iteration");
  }
}

size_t Dict::ShallowBytes() const {
  return sizeof(*this) + (keys_ != nullptr ? keys_->bytes() : 0);
}

void Dict::Traverse(Visit visit) const {
  for (size_t i = 0; keys_ != nullptr && i < keys_->used; ++i) {
    const Entry& entry = keys_->entries()[i];
    TraverseFields(visit, entry.key, entry.value);
  }
}

void Dict::Clear() {
  Keys* const old = keys_;
  keys_ = nullptr;
  size_ = 0;
  ++changes_;
  Keys::Free(old);
}

void Dict::Describe(LayoutVisitor* visitor) const {
  if (keys_ == nullptr) return;
  visitor->Block(this, OffsetIn(this, &keys_), keys_, keys_->bytes());
  for (size_t i = 0; i < keys_->used; ++i) {
    const Entry& entry = keys_->entries()[i];
    DescribeFields(visitor, keys_, entry.key, entry.value);
  }
}

}  // namespace runtime
