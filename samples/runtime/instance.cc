// instance.cc: attributes in a dict, attributes in slots.
#include <cassert>
#include <string>

#include "samples/runtime/class.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/ignored_error.h"

namespace runtime {

bool Instance::HasFinalizer() const {
  return static_cast<bool>(class_->finalizer_);
}

void Instance::Finalize() {
  IgnoreErrors(class_->name() + ".__del__",
               [this] { class_->finalizer_(*this); });
}

Ref<Object> Instance::GetAttribute(std::string_view name) const {
  if (Object* own = FindOwn(name)) return own;
  Object* of_class = nullptr;
  class_->FirstOfAncestry([&](const Class& one) {
    of_class = one.attributes_->Get(name);
    return of_class != nullptr;
  });
  if (of_class == nullptr) NoAttribute(name);
  return of_class;
}

void Instance::NoAttribute(std::string_view name) const {
  throw AttributeError("'" + class_->name() + "' object has no attribute '" +
                       std::string(name) + "'");
}

DictInstance::DictInstance(Class* of) : Instance(of) {}
DictInstance::~DictInstance() = default;

void DictInstance::SetAttribute(std::string_view name, Object* value,
                                Site site) {
  if (value == nullptr) {
    if (dict_ != nullptr) dict_->Remove(name);
    return;
  }
  if (dict_ == nullptr) dict_ = Dict::Make();
  dict_->Set(name, value, site);
}

void DictInstance::DeleteAttribute(std::string_view name) {
  if (dict_ == nullptr || dict_->Remove(name) == nullptr) NoAttribute(name);
}

Object* DictInstance::FindOwn(std::string_view name) const {
  return dict_ != nullptr ? dict_->Get(name) : nullptr;
}

void DictInstance::Traverse(Visit visit) const {
  TraverseFields(visit, class_, dict_);
}

void DictInstance::Clear() { dict_ = nullptr; }

void DictInstance::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, class_, dict_);
  visitor->Weak(this, OffsetIn(this, &weak_refs_), weak_refs_);
}

// Makes all slots; those that are members of a derived class are made again.
SlottedInstance::SlottedInstance(Class* of) : Instance(of) {
  for (size_t i = 0; i < of->slots().size(); ++i)
    new (static_cast<void*>(slot(i))) Slot();
}

Slot* SlottedInstance::slot(size_t index) {
  assert(index < class_->slots().size());
  return reinterpret_cast<Slot*>(reinterpret_cast<char*>(this) +
                                 sizeof(SlottedInstance)) +
         index;
}

const Slot* SlottedInstance::slot(size_t index) const {
  return const_cast<SlottedInstance*>(this)->slot(index);
}

Slot* SlottedInstance::Find(std::string_view name) const {
  const std::vector<std::string>& slots = class_->slots();
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i] == name) return const_cast<Slot*>(slot(i));
  }
  return nullptr;
}

void SlottedInstance::SetAttribute(std::string_view name, Object* value,
                                   Site site) {
  Slot* const found = Find(name);
  if (found == nullptr) NoAttribute(name);
  *found = Slot(value, site);
}

void SlottedInstance::DeleteAttribute(std::string_view name) {
  Slot* const found = Find(name);
  if (found == nullptr || *found == nullptr) NoAttribute(name);
  *found = nullptr;
}

Object* SlottedInstance::FindOwn(std::string_view name) const {
  const Slot* const found = Find(name);
  return found != nullptr ? found->get() : nullptr;
}

void SlottedInstance::Traverse(Visit visit) const {
  TraverseField(visit, class_);
  for (size_t i = 0; i < class_->slots().size(); ++i)
    TraverseField(visit, *slot(i));
}

void SlottedInstance::Clear() {
  for (size_t i = 0; i < class_->slots().size(); ++i) *slot(i) = nullptr;
}

void SlottedInstance::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, class_);
  for (size_t i = 0; i < class_->slots().size(); ++i)
    DescribeFields(visitor, this, *slot(i));
}

}  // namespace runtime
