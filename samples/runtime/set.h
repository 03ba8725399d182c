// set.h: a hash set by open addressing. The first 8 slots are in the object.
//
//   Set, 216                          table: a block of 16 × slots
//   +32 filled, with removed ones     +0  key
//   +40 size                          +8  hash
//   +48 mask: slots − 1               …
//   +56 table; nullptr: the small one
//   +64 changes
//   +72 where Pop looks next
//   +80 small table, 8 slots of 16
//   +208 first weak reference
//
// It is made anew when three fifths are filled: four times as large as what
// lives, from 50 000 on twice as large: 8, 32, 128 … as CPython's.
//
// Invariant: size <= filled < slots.
#ifndef SAMPLES_RUNTIME_SET_H_
#define SAMPLES_RUNTIME_SET_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "samples/runtime/function_ref.h"
#include "samples/runtime/object.h"

namespace runtime {

class Set final : public Container {
 public:
  static Ref<Set> Make();
  static Ref<Set> Make(std::initializer_list<Object*> keys,
                       Site site = Site::Here());
  ~Set() override;

  size_t size() const { return size_; }
  size_t slots() const { return mask_ + 1; }
  bool Contains(const Object* key) const;
  // Whether it was added; an equal one stays.
  bool Add(Object* key, Site site = Site::Here());
  bool Discard(const Object* key);  // whether it was there
  void Remove(const Object* key);   // KeyError where it was not
  // Any; KeyError "'pop from an empty set'".
  Ref<Object> Pop();
  // RuntimeError "Set changed size during iteration" where `visit` changes it.
  void ForEach(FunctionRef<void(Object* key)> visit) const;

  const char* TypeName() const override { return "set"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  size_t ShallowBytes() const override;
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;
  WeakRef** WeakRefs() override { return &weak_refs_; }

 private:
  friend class Runtime;
  static constexpr size_t kSmallSlots = 8;
  struct Entry {
    Slot key;
    uint64_t hash = 0;  // without a key: 0 never used, 1 removed
  };

  Set() = default;
  Entry* table() { return table_ != nullptr ? table_ : small_; }
  const Entry* table() const { return table_ != nullptr ? table_ : small_; }
  static Entry* NewTable(size_t slots);
  static void FreeTable(Entry* table, size_t slots);
  const Entry* Find(const Object* key) const;  // nullptr: absent
  size_t NeverUsed(uint64_t hash) const;       // the first such slot
  Ref<Object> Take(Entry* entry);
  void Resize();

  size_t filled_ = 0;
  size_t size_ = 0;
  size_t mask_ = kSmallSlots - 1;
  Entry* table_ = nullptr;
  uint64_t changes_ = 0;
  size_t next_pop_ = 0;
  Entry small_[kSmallSlots];
  WeakRef* weak_refs_ = nullptr;
};

static_assert(sizeof(Set) == 216);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_SET_H_
