// weak_ref.h: references that do not count. While its object lives a WeakRef
// lends it; when the object dies it gives nullptr, and its callback is called.
//
// An object's weak references are a list, newest first, from the object's own
// word (Object::WeakRefs), so they die or are told in the reverse order of
// their making. A WeakRef that dies first calls nothing.
//
// Invariant: referent_ != nullptr exactly while it is in that object's list.
#ifndef SAMPLES_RUNTIME_WEAK_REF_H_
#define SAMPLES_RUNTIME_WEAK_REF_H_

#include <vector>

#include "samples/runtime/object.h"

namespace runtime {

class Dict;
class Function;

class WeakRef : public Container {
 public:
  // TypeError where the object's type allows none. The callback (nullptr:
  // none) is called with this WeakRef, which is dead by then; an error that it
  // throws is told on standard error and ignored, as CPython does.
  static Ref<WeakRef> Make(Object* referent, Function* callback = nullptr);
  ~WeakRef() override;

  // As calling a weakref: a counted reference, or nullptr; also nullptr of one
  // whose count is 0 already.
  Ref<Object> Get() const {
    return Ref<Object>(is_alive() ? referent_ : nullptr);
  }
  bool is_alive() const {
    return referent_ != nullptr && referent_->refcount() > 0;
  }

  const char* TypeName() const override { return "weakref"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 protected:
  WeakRef(Object* referent, Function* callback);

 private:
  friend class Runtime;
  friend class Collector;
  friend void KillWeakRefs(Object*, std::vector<Ref<WeakRef>>*);
  friend void ClearWeakRefs(Object* object);
  // Takes it out of its object's list: it is dead then.
  void Unlink();
  // Calls the callback, of a dead one, once.
  void CallBack();

  Object* referent_;  // not counted
  WeakRef* previous_ = nullptr;
  WeakRef* next_ = nullptr;
  Ref<Function> callback_;
};

// Kills the object's weak references. Those whose callback is to be called are
// added, newest first.
void KillWeakRefs(Object* object, std::vector<Ref<WeakRef>>* to_call);
// Kills them, then calls their callbacks.
void ClearWeakRefs(Object* object);

// A weak reference that knows the key it stands under.
class KeyedRef final : public WeakRef {
 public:
  static Ref<KeyedRef> Make(Object* key, Object* referent, Function* callback);

  Object* key() const { return key_; }

  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  KeyedRef(Object* key, Object* referent, Function* callback);

  Slot key_;
};

// A dict whose values are weak: an entry goes when its value dies, by a
// callback that refers to this dict weakly.
class WeakValueDict : public Container {
 public:
  static Ref<WeakValueDict> Make();
  ~WeakValueDict() override;

  void Set(Object* key, Object* value);
  Ref<Object> Get(Object* key) const;  // nullptr: absent or dead
  // Entries. One whose value is just dying counts until its callback has run.
  size_t size() const;

  const char* TypeName() const override { return "WeakValueDictionary"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;
  WeakRef** WeakRefs() override { return &weak_refs_; }

 private:
  friend class Runtime;
  WeakValueDict();

  void Forget(const KeyedRef& dead);
  static Ref<Object> ForgetDead(Function& self, Ref<Object> reference);

  WeakRef* weak_refs_ = nullptr;
  // Both are made with the first entry.
  Ref<Dict> references_;     // key -> KeyedRef
  Ref<Function> forgetter_;  // the callback of all of them
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_WEAK_REF_H_
