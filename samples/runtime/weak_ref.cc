// weak_ref.cc
#include "samples/runtime/weak_ref.h"

#include <string>

#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/function.h"
#include "samples/runtime/ignored_error.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

// The word where the object's weak references are listed.
WeakRef** ListOf(Object* referent) {
  if (referent == nullptr)
    throw TypeError("cannot create weak reference to 'NoneType' object");
  WeakRef** const list = referent->WeakRefs();
  if (list == nullptr) {
    throw TypeError(std::string("cannot create weak reference to '") +
                    referent->TypeName() + "' object");
  }
  return list;
}

}  // namespace

Ref<WeakRef> WeakRef::Make(Object* referent, Function* callback) {
  return Runtime::Current().New<WeakRef>(0, referent, callback);
}

WeakRef::WeakRef(Object* referent, Function* callback)
    : referent_(referent), callback_(callback) {
  WeakRef** const list = ListOf(referent);
  next_ = *list;
  if (next_ != nullptr) next_->previous_ = this;
  *list = this;
}

WeakRef::~WeakRef() { Unlink(); }

void WeakRef::Unlink() {
  if (referent_ == nullptr) return;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    *referent_->WeakRefs() = next_;
  }
  referent_ = nullptr;
  previous_ = nullptr;
  next_ = nullptr;
}

void WeakRef::CallBack() {
  const Ref<Function> callback = static_cast<Ref<Function>&&>(callback_);
  if (callback == nullptr) return;
  IgnoreErrors(std::string(callback->name()), [&] { callback->Call(this); });
}

void WeakRef::Traverse(Visit visit) const { TraverseField(visit, callback_); }

void WeakRef::Clear() {
  Unlink();
  callback_ = nullptr;
}

void WeakRef::Describe(LayoutVisitor* visitor) const {
  visitor->Weak(this, OffsetIn(this, &referent_), referent_);
  visitor->Weak(this, OffsetIn(this, &previous_), previous_);
  visitor->Weak(this, OffsetIn(this, &next_), next_);
  DescribeFields(visitor, this, callback_);
}

void KillWeakRefs(Object* object, std::vector<Ref<WeakRef>>* to_call) {
  WeakRef** const list = object->WeakRefs();
  if (list == nullptr) return;
  while (WeakRef* const reference = *list) {
    reference->Unlink();
    // One whose count is 0 is about to die itself.
    if (reference->callback_ != nullptr && reference->refcount() > 0)
      to_call->push_back(reference);
  }
}

void ClearWeakRefs(Object* object) {
  std::vector<Ref<WeakRef>> to_call;
  KillWeakRefs(object, &to_call);
  for (WeakRef* reference : to_call) reference->CallBack();
}

KeyedRef::KeyedRef(Object* key, Object* referent, Function* callback)
    : WeakRef(referent, callback), key_(key) {}

Ref<KeyedRef> KeyedRef::Make(Object* key, Object* referent,
                             Function* callback) {
  return Runtime::Current().New<KeyedRef>(0, key, referent, callback);
}

void KeyedRef::Traverse(Visit visit) const {
  WeakRef::Traverse(visit);
  TraverseField(visit, key_);
}

void KeyedRef::Clear() {
  WeakRef::Clear();
  key_ = nullptr;
}

void KeyedRef::Describe(LayoutVisitor* visitor) const {
  WeakRef::Describe(visitor);
  DescribeFields(visitor, this, key_);
}

WeakValueDict::WeakValueDict() = default;
WeakValueDict::~WeakValueDict() = default;

Ref<WeakValueDict> WeakValueDict::Make() {
  return Runtime::Current().New<WeakValueDict>(0);
}

void WeakValueDict::Set(Object* key, Object* value) {
  if (references_ == nullptr) {
    references_ = Dict::Make();
    // The dict dies before its callback is done with it: a weak reference.
    const Ref<Cell> self = Cell::Make(WeakRef::Make(this));
    forgetter_ =
        Function::Make("WeakValueDictionary.remove", &ForgetDead, {self.get()});
  }
  references_->Set(key, KeyedRef::Make(key, value, forgetter_));
}

Ref<Object> WeakValueDict::Get(Object* key) const {
  if (references_ == nullptr) return nullptr;
  const auto* reference = static_cast<KeyedRef*>(references_->Get(key));
  return reference != nullptr ? reference->Get() : nullptr;
}

size_t WeakValueDict::size() const {
  return references_ != nullptr ? references_->size() : 0;
}

Ref<Object> WeakValueDict::ForgetDead(Function& self, Ref<Object> reference) {
  const auto* owner = static_cast<WeakRef*>(self.Captured(0).Get());
  const Ref<Object> dict = owner != nullptr ? owner->Get() : nullptr;
  if (dict != nullptr) {
    static_cast<WeakValueDict*>(dict.get())
        ->Forget(static_cast<KeyedRef&>(*reference));
  }
  return nullptr;
}

// Its key may stand for another value by now.
void WeakValueDict::Forget(const KeyedRef& dead) {
  if (references_ != nullptr && references_->Get(dead.key()) == &dead)
    references_->Remove(dead.key());
}

void WeakValueDict::Traverse(Visit visit) const {
  TraverseFields(visit, references_, forgetter_);
}

void WeakValueDict::Clear() { ClearFields(references_, forgetter_); }

void WeakValueDict::Describe(LayoutVisitor* visitor) const {
  visitor->Weak(this, OffsetIn(this, &weak_refs_), weak_refs_);
  DescribeFields(visitor, this, references_, forgetter_);
}

}  // namespace runtime
