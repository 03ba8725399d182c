// tuple.h: a fixed number of items in one block.
//
//   Tuple, 40 + 8 an item
//   +32 size
//   +40 item 0
//   +48 item 1 …
//
// Invariant: items never change once it is made, but for Clear, which leaves
// None (nullptr) in their places.
#ifndef SAMPLES_RUNTIME_TUPLE_H_
#define SAMPLES_RUNTIME_TUPLE_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "samples/runtime/object.h"

namespace runtime {

class List;

class Tuple final : public Container {
 public:
  static Ref<Tuple> Make(std::initializer_list<Object*> items,
                         Site site = Site::Here());
  static Ref<Tuple> FromList(const List& list, Site site = Site::Here());
  ~Tuple() override;

  size_t size() const { return size_; }
  // IndexError "tuple index out of range". Negative: from the end.
  Object* Get(int64_t index) const;

  const char* TypeName() const override { return "tuple"; }
  size_t BlockBytes() const override {
    return sizeof(*this) + size_ * sizeof(Slot);
  }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;
  // Of the items', one level deep: an item that is a tuple counts by identity.
  uint64_t Hash() const override;
  bool Equals(const Object& other) const override;

 private:
  friend class Runtime;
  explicit Tuple(size_t size);
  Slot* items() { return reinterpret_cast<Slot*>(this + 1); }
  const Slot* items() const { return reinterpret_cast<const Slot*>(this + 1); }

  size_t size_;
};

static_assert(sizeof(Tuple) == 40);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_TUPLE_H_
