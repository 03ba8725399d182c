// class.h: classes and their instances, in the two layouts that a class can
// have:
//
//   DictInstance, 56 bytes                  SlottedInstance, 40 + 8 a slot
//   +32 class ──▶ Class                     +32 class ──▶ Class
//   +40 first weak reference                +40 slot 0
//   +48 dict ──▶ Dict {"x": …, "y": …}      +48 slot 1 …
//
// A class of a C++ program is a C++ class that derives from one of the two:
// its vtable then names it in every report, and the slots of a slotted one are
// its data members, of type Slot, in the class's order and nothing else:
//
//   struct Node : SlottedInstance {
//     using SlottedInstance::SlottedInstance;
//     Slot parent, next;
//   };
//   Ref<Class> c = Class::Make<Node>("Node", {.slots = {"parent", "next"}});
//   Ref<Node> n = c->New<Node>();  n->next = n;  n->GetAttribute("next");
//
// Without one of its own, a class's instances are plain DictInstance or
// SlottedInstance. A C++ class that derives from DictInstance may add fields
// of any type; where they refer to objects, its Traverse, Clear and Describe
// say so.
//
// Invariant: an instance holds its class for as long as it lives: Clear leaves
// it.
#ifndef SAMPLES_RUNTIME_CLASS_H_
#define SAMPLES_RUNTIME_CLASS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "samples/runtime/object.h"
#include "samples/runtime/runtime.h"

namespace runtime {

class Dict;
class Instance;
class Tuple;

struct ClassSpec {
  // `__slots__`; nullopt: a dict.
  std::optional<std::vector<std::string>> slots;
  std::vector<class Class*> bases;
  // `__del__`; empty: none. Inherited from the first base that has one. It must
  // hold no reference to an object: the collector could not see it.
  std::function<void(Instance&)> finalizer;
};

class Class : public Container {
 public:
  // TypeError "multiple bases have instance lay-out conflict" where two bases
  // both add slots, and neither derives from the other. Slots of bases stand
  // first. A class one of whose bases has a dict has one too, and may not add
  // slots (TypeError); slots of other bases are entries of its dict.
  // std::logic_error: T's members are not its class's slots (more members than
  // slots, or the other layout). Without a T, instances are of the first base's
  // C++ class whose layout it shares.
  template <typename T>
  static Ref<Class> Make(const std::string& name, const ClassSpec& spec = {});
  static Ref<Class> Make(const std::string& name, const ClassSpec& spec = {});

  // REQUIRES: T is what the class was made with, or a C++ base of that.
  template <typename T = Instance>
  Ref<T> New();

  ~Class() override;

  const std::string& name() const { return *name_; }
  bool is_slotted() const { return is_slotted_; }
  const std::vector<std::string>& slots() const { return slots_; }
  // Bytes of an instance's block.
  size_t instance_bytes() const { return instance_bytes_; }
  // True of itself too.
  bool IsSubclassOf(const Class* other) const;
  // The class's own attributes, shared by all instances.
  Dict& attributes() { return *attributes_; }

  const char* TypeName() const override { return "type"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  friend class Instance;

  // The C++ class of a class's instances.
  struct Body {
    Ref<Instance> (*make)(Class* of, size_t extra_bytes);
    size_t bytes;
    bool is_slotted;
  };
  template <typename T>
  static Ref<Instance> MakeInstance(Class* of, size_t extra_bytes);

  explicit Class(const std::string& name);
  // Without a body: what Make without a T chooses.
  static Ref<Class> MakeWith(const std::string& name, const ClassSpec& spec,
                             const std::optional<Body>& body);
  void Inherit(const ClassSpec& spec);
  void ChooseLayout(const ClassSpec& spec);
  Body InheritedBody() const;
  void FitBody(const Body& body);
  Ref<Instance> NewInstance();
  // The nearest class, of this one and its bases, that added slots.
  const Class* SlotsFrom() const { return adds_slots_ ? this : slots_from_; }
  Class* base(size_t index) const;
  // This class, then its bases from left to right, each before its own bases,
  // until `is_it` says true; nullptr: none.
  const Class* FirstOfAncestry(FunctionRef<bool(const Class&)> is_it) const;

  // Not in the object itself: a short text there would point to where it
  // stands, which looks like an object that holds itself.
  std::unique_ptr<const std::string> name_;
  std::vector<std::string> slots_;
  bool is_slotted_ = false;
  bool adds_slots_ = false;
  // The nearest of the bases that added slots.
  const Class* slots_from_ = nullptr;
  Body body_{};
  size_t instance_bytes_ = 0;
  std::function<void(Instance&)> finalizer_;
  Ref<Tuple> bases_;
  Ref<Dict> attributes_;
};

class Instance : public Container {
 public:
  // AttributeError in CPython's words, where there is none or may be none:
  // "'PointSlots' object has no attribute 'new_attr'". None, nullptr, is no
  // value: setting an attribute to it takes the attribute away.
  virtual void SetAttribute(std::string_view name, Object* value,
                            Site site = Site::Here()) = 0;
  virtual void DeleteAttribute(std::string_view name) = 0;
  // Of the instance, then of its class, then of the class's bases.
  Ref<Object> GetAttribute(std::string_view name) const;

  const char* TypeName() const override { return class_->name().c_str(); }
  size_t BlockBytes() const override { return class_->instance_bytes(); }
  bool HasFinalizer() const override;
  void Finalize() override;

 protected:
  friend class Class;
  explicit Instance(Class* of) : class_(of) {}
  virtual Object* FindOwn(std::string_view name) const = 0;
  [[noreturn]] void NoAttribute(std::string_view name) const;

  Ref<Class> class_;
};

class DictInstance : public Instance {
 public:
  explicit DictInstance(Class* of);
  ~DictInstance() override;
  void SetAttribute(std::string_view name, Object* value,
                    Site site = Site::Here()) override;
  void DeleteAttribute(std::string_view name) override;
  // `__dict__`, made by the first attribute; nullptr before.
  Dict* dict() const { return dict_; }

  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;
  WeakRef** WeakRefs() override { return &weak_refs_; }

 protected:
  Object* FindOwn(std::string_view name) const override;

 private:
  WeakRef* weak_refs_ = nullptr;
  Ref<Dict> dict_;
};

class SlottedInstance : public Instance {
 public:
  explicit SlottedInstance(Class* of);
  void SetAttribute(std::string_view name, Object* value,
                    Site site = Site::Here()) override;
  void DeleteAttribute(std::string_view name) override;
  // REQUIRES: index < the number of its class's slots.
  Slot* slot(size_t index);
  const Slot* slot(size_t index) const;
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 protected:
  Object* FindOwn(std::string_view name) const override;

 private:
  Slot* Find(std::string_view name) const;  // nullptr: no such slot
};

static_assert(sizeof(DictInstance) == 56);
static_assert(sizeof(SlottedInstance) == 40);

template <typename T>
Ref<Instance> Class::MakeInstance(Class* of, size_t extra_bytes) {
  return Runtime::Current().New<T>(extra_bytes, of);
}

template <typename T>
Ref<Class> Class::Make(const std::string& name, const ClassSpec& spec) {
  static_assert(std::is_base_of_v<DictInstance, T> ||
                std::is_base_of_v<SlottedInstance, T>);
  constexpr bool kIsSlotted = std::is_base_of_v<SlottedInstance, T>;
  return MakeWith(name, spec, Body{&MakeInstance<T>, sizeof(T), kIsSlotted});
}

template <typename T>
Ref<T> Class::New() {
  return Ref<T>(static_cast<T*>(NewInstance().get()));
}

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_CLASS_H_
