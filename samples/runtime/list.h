// list.h: a list that grows.
//
//   List, 56                     items: a block of 8 × capacity
//   +32 size                     +0  item 0
//   +40 items ─────────────────▶ +8  item 1 …
//   +48 capacity                 room for more, all nullptr
//
// Appending makes the block larger than is asked, by an eighth and a little, so
// that n appends move fewer than 10 n items: capacities 0, 4, 8, 16, 24, 32,
// 40, 52, 64, 76 … as CPython's.
//
// Invariant: size <= capacity. nullptr as an item is None. Indices count from
// the end where they are negative.
#ifndef SAMPLES_RUNTIME_LIST_H_
#define SAMPLES_RUNTIME_LIST_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "samples/runtime/object.h"

namespace runtime {

class List final : public Container {
 public:
  static Ref<List> Make();
  // Room for these and no more, rounded up to 2.
  static Ref<List> Make(std::initializer_list<Object*> items,
                        Site site = Site::Here());
  static Ref<List> WithCapacity(size_t capacity);
  ~List() override;

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }

  // IndexError "list index out of range" where there is none.
  Object* Get(int64_t index) const;
  void Set(int64_t index, Object* item, Site site = Site::Here());
  void Append(Object* item, Site site = Site::Here());
  // Beyond either end: at that end.
  void Insert(int64_t index, Object* item, Site site = Site::Here());
  Ref<Object> Pop(int64_t index = -1);
  void RemoveAt(int64_t index);  // del list[index]
  // The first that is this object or equal; ValueError where there is none.
  void Remove(const Object* item);
  bool Contains(const Object* item) const;

  const char* TypeName() const override { return "list"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  size_t ShallowBytes() const override;
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  List() = default;
  Ref<Object> TakeOut(size_t position);
  void MoveTo(size_t capacity);  // the items, to a new block

  size_t size_ = 0;
  Slot* items_ = nullptr;
  size_t capacity_ = 0;
};

static_assert(sizeof(List) == 56);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_LIST_H_
