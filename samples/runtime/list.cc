// list.cc
#include "samples/runtime/list.h"

#include <new>

#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/position.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

// CPython's pattern of growth: an eighth more, and up to the next multiple of
// 4.
size_t Overallocated(size_t size) {
  return size == 0 ? 0 : (size + size / 8 + 6) / 4 * 4;
}

Slot* NewItems(size_t capacity) {
  if (capacity == 0) return nullptr;
  void* const block =
      Runtime::Current().allocator().Allocate(capacity * sizeof(Slot));
  Slot* const items = static_cast<Slot*>(block);
  for (size_t i = 0; i < capacity; ++i) new (&items[i]) Slot();
  return items;
}

// What the items hold may die.
void FreeItems(Slot* items, size_t capacity) {
  for (size_t i = 0; i < capacity; ++i) items[i].~Slot();
  Runtime::Current().allocator().Free(items, capacity * sizeof(Slot));
}

bool IsOrEquals(const Object* a, const Object* b) {
  return a == b || (a != nullptr && b != nullptr && a->Equals(*b));
}

}  // namespace

Ref<List> List::Make() { return Runtime::Current().New<List>(0); }

Ref<List> List::Make(std::initializer_list<Object*> items, Site site) {
  Ref<List> list = WithCapacity(items.size());
  for (Object* const item : items) list->Append(item, site);
  return list;
}

Ref<List> List::WithCapacity(size_t capacity) {
  Ref<List> list = Make();
  list->MoveTo((capacity + 1) / 2 * 2);
  return list;
}

List::~List() { Clear(); }

Object* List::Get(int64_t index) const {
  return items_[PositionIn(size_, index, "list index out of range")];
}

void List::Set(int64_t index, Object* item, Site site) {
  items_[PositionIn(size_, index, "list assignment index out of range")] =
      Slot(item, site);
}

void List::Append(Object* item, Site site) {
  if (size_ == capacity_) MoveTo(Overallocated(size_ + 1));
  new (&items_[size_]) Slot(item, site);  // it was empty
  ++size_;
}

void List::Insert(int64_t index, Object* item, Site site) {
  const int64_t size = static_cast<int64_t>(size_);
  if (index < 0) index += size;
  if (index < 0) index = 0;
  if (index > size) index = size;
  Append(nullptr);
  for (size_t i = size_ - 1; i > static_cast<size_t>(index); --i)
    items_[i] = static_cast<Slot&&>(items_[i - 1]);
  new (&items_[index]) Slot(item, site);
}

Ref<Object> List::Pop(int64_t index) {
  if (size_ == 0) throw IndexError("pop from empty list");
  return TakeOut(PositionIn(size_, index, "pop index out of range"));
}

void List::RemoveAt(int64_t index) {
  TakeOut(PositionIn(size_, index, "list assignment index out of range"));
}

void List::Remove(const Object* item) {
  for (size_t i = 0; i < size_; ++i) {
    if (!IsOrEquals(items_[i], item)) continue;
    TakeOut(i);
    return;
  }
  throw ValueError("list.remove(x): x not in list");
}

bool List::Contains(const Object* item) const {
  for (size_t i = 0; i < size_; ++i) {
    if (IsOrEquals(items_[i], item)) return true;
  }
  return false;
}

Ref<Object> List::TakeOut(size_t position) {
  Slot taken = static_cast<Slot&&>(items_[position]);
  for (size_t i = position + 1; i < size_; ++i)
    items_[i - 1] = static_cast<Slot&&>(items_[i]);
  --size_;
  if (size_ < capacity_ / 2) MoveTo(Overallocated(size_));
  return taken;
}

void List::MoveTo(size_t capacity) {
  Slot* const old_items = items_;
  const size_t old_capacity = capacity_;
  Slot* const new_items = NewItems(capacity);
  for (size_t i = 0; i < size_; ++i)
    new_items[i] = static_cast<Slot&&>(old_items[i]);
  items_ = new_items;
  capacity_ = capacity;
  FreeItems(old_items, old_capacity);
}

size_t List::ShallowBytes() const {
  return sizeof(*this) + capacity_ * sizeof(Slot);
}

void List::Traverse(Visit visit) const {
  for (size_t i = 0; i < size_; ++i) TraverseField(visit, items_[i]);
}

void List::Clear() {
  Slot* const items = items_;
  const size_t capacity = capacity_;
  size_ = capacity_ = 0;
  items_ = nullptr;
  FreeItems(items, capacity);
}

void List::Describe(LayoutVisitor* visitor) const {
  visitor->Block(this, OffsetIn(this, &items_), items_,
                 capacity_ * sizeof(Slot));
  for (size_t i = 0; i < size_; ++i) DescribeFields(visitor, items_, items_[i]);
}

}  // namespace runtime
