// class.cc: how a class gets its layout from its bases and its slots.
#include "samples/runtime/class.h"

#include <stdexcept>

#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/list.h"
#include "samples/runtime/tuple.h"

namespace runtime {

Class::Class(const std::string& name)
    : name_(std::make_unique<const std::string>(name)),
      attributes_(Dict::Make()) {}

Class::~Class() = default;

Ref<Class> Class::Make(const std::string& name, const ClassSpec& spec) {
  return MakeWith(name, spec, std::nullopt);
}

Ref<Class> Class::MakeWith(const std::string& name, const ClassSpec& spec,
                           const std::optional<Body>& body) {
  Ref<Class> made = Runtime::Current().New<Class>(0, name);
  made->Inherit(spec);
  made->ChooseLayout(spec);
  made->FitBody(body.has_value() ? *body : made->InheritedBody());
  return made;
}

void Class::Inherit(const ClassSpec& spec) {
  const Ref<List> bases = List::Make();
  for (Class* base : spec.bases) bases->Append(base);
  bases_ = Tuple::FromList(*bases);
  finalizer_ = spec.finalizer;
  for (size_t i = 0; i < bases_->size() && !finalizer_; ++i)
    finalizer_ = base(i)->finalizer_;
}

void Class::ChooseLayout(const ClassSpec& spec) {
  const Class* with_dict = nullptr;
  for (size_t i = 0; i < bases_->size(); ++i) {
    const Class* const from = base(i)->SlotsFrom();
    if (!base(i)->is_slotted_ && with_dict == nullptr) with_dict = base(i);
    if (from == nullptr) continue;
    if (slots_from_ == nullptr || from->IsSubclassOf(slots_from_)) {
      slots_from_ = from;
    } else if (!slots_from_->IsSubclassOf(from)) {
      throw TypeError("multiple bases have instance lay-out conflict");
    }
  }
  is_slotted_ = spec.slots.has_value() && with_dict == nullptr;
  if (spec.slots.has_value() && !spec.slots->empty() && with_dict != nullptr) {
    throw TypeError("nonempty __slots__ not supported for subtype of '" +
                    with_dict->name() + "'");
  }
  if (!is_slotted_) return;
  if (slots_from_ != nullptr) slots_ = slots_from_->slots_;
  if (spec.slots->empty()) return;
  slots_.insert(slots_.end(), spec.slots->begin(), spec.slots->end());
  adds_slots_ = true;
}

Class::Body Class::InheritedBody() const {
  for (size_t i = 0; i < bases_->size(); ++i) {
    // The slots of all slotted bases begin alike: whose C++ class it is does
    // not matter.
    if (base(i)->is_slotted_ == is_slotted_) return base(i)->body_;
  }
  if (is_slotted_)
    return {&MakeInstance<SlottedInstance>, sizeof(SlottedInstance), true};
  return {&MakeInstance<DictInstance>, sizeof(DictInstance), false};
}

void Class::FitBody(const Body& body) {
  body_ = body;
  if (body.is_slotted != is_slotted_) {
    throw std::logic_error("class '" + name() +
                           "': its C++ class has the other layout");
  }
  instance_bytes_ = body.bytes;
  if (!is_slotted_) return;
  instance_bytes_ = sizeof(SlottedInstance) + slots_.size() * sizeof(Slot);
  if (instance_bytes_ < body.bytes) {
    throw std::logic_error("class '" + name() +
                           "': its C++ class has more members than slots");
  }
}

Ref<Instance> Class::NewInstance() {
  return body_.make(this, instance_bytes_ - body_.bytes);
}

Class* Class::base(size_t index) const {
  return static_cast<Class*>(bases_->Get(static_cast<int64_t>(index)));
}

const Class* Class::FirstOfAncestry(
    FunctionRef<bool(const Class&)> is_it) const {
  std::vector<const Class*> to_ask = {this};
  while (!to_ask.empty()) {
    const Class* const next = to_ask.back();
    to_ask.pop_back();
    if (is_it(*next)) return next;
    for (size_t i = next->bases_->size(); i > 0; --i)
      to_ask.push_back(next->base(i - 1));
  }
  return nullptr;
}

bool Class::IsSubclassOf(const Class* other) const {
  return FirstOfAncestry([other](const Class& one) { return &one == other; }) !=
         nullptr;
}

void Class::Traverse(Visit visit) const {
  TraverseFields(visit, bases_, attributes_);
}

// Bases cannot close a cycle but through the attributes, and those are a dict
// that is cleared itself. So a class stays whole for the instances that die
// after it.
void Class::Clear() {}

void Class::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, bases_, attributes_);
}

}  // namespace runtime
