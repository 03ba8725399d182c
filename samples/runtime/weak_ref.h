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

#include <string>
#include <vector>

#include "samples/runtime/object.h"

namespace runtime {

class Dict;
class Function;
class List;

class WeakRef : public Container {
 public:
  // TypeError where the object's type allows none. The callback (nullptr:
  // none) is called with this WeakRef, which is dead by then.
  static Ref<WeakRef> Make(Object* referent, Function* callback = nullptr);
  ~WeakRef() override;

  // As calling a weakref: a counted reference, or nullptr.
  Ref<Object> Get() const { return Ref<Object>(referent_); }
  bool is_alive() const { return referent_ != nullptr; }

  const char* TypeName() const override { return "weakref"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  friend class Collector;
  friend void ClearWeakRefs(Object* object);
  WeakRef(Object* referent, Function* callback);
  void Unlink();

  Object* referent_;  // not counted
  WeakRef* previous_ = nullptr;
  WeakRef* next_ = nullptr;
  Ref<Function> callback_;
};

// Kills the object's weak references, then calls their callbacks, newest first.
void ClearWeakRefs(Object* object);

// A dict whose values are weak: an entry goes when its value dies.
class WeakValueDict : public Container {
 public:
  static Ref<WeakValueDict> Make();

  void Set(Object* key, Object* value);
  Ref<Object> Get(Object* key) const;  // nullptr: absent or dead
  size_t size() const;                 // live entries

  const char* TypeName() const override { return "WeakValueDictionary"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  WeakValueDict();

  Ref<Dict> references_;  // key -> WeakRef
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_WEAK_REF_H_
