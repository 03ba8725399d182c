// tuple.cc
#include "samples/runtime/tuple.h"

#include <new>

#include "samples/runtime/cast.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/list.h"
#include "samples/runtime/position.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

// By identity where both are tuples: tuples may hold each other to any depth.
bool ItemsEqual(const Object* a, const Object* b) {
  if (a == b) return true;
  if (a == nullptr || b == nullptr || Cast<Tuple>(a) != nullptr) return false;
  return a->Equals(*b);
}

uint64_t ItemHash(const Object* item) {
  if (item == nullptr) return 0;
  return Cast<Tuple>(item) != nullptr ? item->Object::Hash() : item->Hash();
}

}  // namespace

Tuple::Tuple(size_t size) : size_(size) {
  for (size_t i = 0; i < size; ++i) new (&items()[i]) Slot();
}

Ref<Tuple> Tuple::Make(std::initializer_list<Object*> items, Site site) {
  const size_t size = items.size();
  Ref<Tuple> tuple = Runtime::Current().New<Tuple>(size * sizeof(Slot), size);
  Slot* place = tuple->items();
  for (Object* const item : items) new (place++) Slot(item, site);
  return tuple;
}

Ref<Tuple> Tuple::FromList(const List& list, Site site) {
  const size_t size = list.size();
  Ref<Tuple> tuple = Runtime::Current().New<Tuple>(size * sizeof(Slot), size);
  for (size_t i = 0; i < size; ++i)
    new (&tuple->items()[i]) Slot(list.Get(static_cast<int64_t>(i)), site);
  return tuple;
}

Tuple::~Tuple() {
  for (size_t i = 0; i < size_; ++i) items()[i].~Slot();
}

Object* Tuple::Get(int64_t index) const {
  return items()[PositionIn(size_, index, "tuple index out of range")];
}

void Tuple::Traverse(Visit visit) const {
  for (size_t i = 0; i < size_; ++i) TraverseField(visit, items()[i]);
}

void Tuple::Clear() {
  for (size_t i = 0; i < size_; ++i) ClearFields(items()[i]);
}

void Tuple::Describe(LayoutVisitor* visitor) const {
  for (size_t i = 0; i < size_; ++i) DescribeFields(visitor, this, items()[i]);
}

uint64_t Tuple::Hash() const {
  uint64_t hash = size_;
  for (size_t i = 0; i < size_; ++i)
    hash = (hash ^ ItemHash(items()[i])) * 0x9e3779b97f4a7c15 + 1;
  return hash ^ hash >> 32;
}

bool Tuple::Equals(const Object& other) const {
  const Tuple* const tuple = Cast<Tuple>(&other);
  if (tuple == nullptr || tuple->size_ != size_) return false;
  for (size_t i = 0; i < size_; ++i) {
    if (!ItemsEqual(items()[i], tuple->items()[i])) return false;
  }
  return true;
}

}  // namespace runtime
