// object.h: what every object of the runtime begins with: its type, which is
// its vtable, and its reference count. An object dies the moment its count
// falls to 0, in the statement that took the last reference away.
//
//   Object                 Container: an object that may refer to others
//   +0   vtable            +0   vtable
//   +8   count | flags     +8   count | flags
//   +16  fields …          +16  next ┐ the list of its generation, or, while a
//                          +24  prev ┘ collection runs, its trial count
//                          +32  fields …
//
// Invariant: refcount() = references from objects + references from outside
// (Ref on a stack or in a variable, and Runtime's own). One thread only, as
// under CPython's global lock.
#ifndef SAMPLES_RUNTIME_OBJECT_H_
#define SAMPLES_RUNTIME_OBJECT_H_

#include <cstddef>
#include <cstdint>

#include "samples/runtime/function_ref.h"

namespace runtime {

class Object;
class WeakRef;

// A place in a source file: of the statement that takes a reference.
struct Site {
  const char* file = "";
  int line = 0;

  static constexpr Site Here(const char* file = __builtin_FILE(),
                             int line = __builtin_LINE()) {
    return {file, line};
  }
};

// Called with each object that another refers to, once a reference.
using Visit = FunctionRef<void(Object*)>;

// Told what an object consists of, word by word: exact_graph.h.
class LayoutVisitor {
 public:
  virtual ~LayoutVisitor() = default;
  // The object owns a further block: a list's items, a dict's table. The word
  // at `offset` of `owner` (the object's own block, or one told before) points
  // to it. nullptr is passed over.
  virtual void Block(const void* owner, size_t offset, const void* block,
                     size_t bytes) = 0;
  // The word at `offset` of `block` refers to `target` (nullptr: passed over).
  virtual void Strong(const void* block, size_t offset,
                      const Object* target) = 0;
  virtual void Weak(const void* block, size_t offset, const void* target) = 0;
};

enum ObjectFlags : uint8_t {
  kContainer = 1 << 0,  // is a Container
  kTracked = 1 << 1,    // in a generation's list
  kFinalized = 1 << 2,  // Finalize has been called; never again
  kWatched = 1 << 3,    // its counts are written to the event log
  kImmortal = 1 << 4,   // small integers, interned strings: in no leak report
};

class Object {
 public:
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  // As `type(x).__name__`: "list", or an instance's class.
  virtual const char* TypeName() const = 0;
  // Bytes of the block it stands in, as asked of the allocator.
  virtual size_t BlockBytes() const = 0;
  // Bytes of it and of the blocks it owns: sys.getsizeof.
  virtual size_t ShallowBytes() const { return BlockBytes(); }
  // Visits every strong reference that it holds.
  virtual void Traverse(Visit) const {}
  // Drops every strong reference that it holds and stays usable, empty. What
  // it drops may die and run code that looks at this object.
  virtual void Clear() {}
  // Tells its blocks and words; must name the same strong references as
  // Traverse.
  virtual void Describe(LayoutVisitor*) const {}
  // Where its weak references are listed; nullptr where it can have none.
  virtual WeakRef** WeakRefs() { return nullptr; }
  // `__del__`. Called at most once, with all fields intact; may make the object
  // live again by storing a reference to it.
  virtual bool HasFinalizer() const { return false; }
  virtual void Finalize() {}

  // For dicts and sets. By default: identity.
  virtual uint64_t Hash() const;
  virtual bool Equals(const Object& other) const { return this == &other; }

  uint32_t refcount() const { return refcount_; }
  bool Has(ObjectFlags flag) const { return (flags_ & flag) != 0; }
  void Set(ObjectFlags flag) { flags_ |= flag; }
  void Unset(ObjectFlags flag) { flags_ &= static_cast<uint8_t>(~flag); }
  // 0 to 2 for a tracked container, kPermanent for a frozen one.
  uint8_t generation() const { return generation_; }

  // Made by Runtime::New, in a block of its allocator.
  void* operator new(size_t, void* place) { return place; }
  void operator delete(void*, void*) {}

 protected:
  Object() = default;
  // Called by Runtime when the count is 0; gives back the blocks it owns.
  virtual ~Object() = default;
  void operator delete(void*) {}  // its block is Runtime's to free

 private:
  friend class Collector;
  friend class Runtime;
  friend void IncRef(Object*);
  friend void DecRef(Object*);

  uint32_t refcount_ = 1;  // the creator's
  uint8_t flags_ = 0;
  uint8_t generation_ = 0;
  uint16_t unused_ = 0;
};

static_assert(sizeof(Object) == 16);

class Container : public Object {
 protected:
  Container() { Set(kContainer); }

 private:
  friend class Collector;
  friend class GenerationList;

  // In a list while the collector does not run; while it does, see
  // collector.h.
  union Links {
    struct {
      Container* next;
      Container* prev;
    } list;
    struct {
      int64_t outside_references;
      uint64_t state;
    } trial;
  };
  Links links_{};
};

static_assert(sizeof(Container) == 32);

// Called when a count reaches 0: runtime.cc.
void Release(Object* object);

inline void IncRef(Object* object) { ++object->refcount_; }
inline void DecRef(Object* object) {
  if (--object->refcount_ == 0) Release(object);
}

// To the event log, of a watched object: event_log.h. `holder` is the address
// of the Ref.
void LogIncRef(Object* object, const void* holder, Site site);
void LogDecRef(Object* object, const void* holder);
void LogMove(Object* object, const void* from, const void* to);

// A reference that counts. Copying takes another, destroying gives it back:
// what Swift's compiler writes for its programmers, C++'s writes here.
template <typename T = Object>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}  // NOLINT: as pointers convert
  // Takes a further reference to what is borrowed.
  Ref(T* object, Site site = Site::Here())  // NOLINT: as pointers convert
      : object_(object) {
    Take(site);
  }
  Ref(const Ref& other, Site site = Site::Here()) : object_(other.object_) {
    Take(site);
  }
  template <typename U,
            typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
  Ref(const Ref<U>& other, Site site = Site::Here())  // NOLINT
      : object_(other.get()) {
    Take(site);
  }
  Ref(Ref&& other) noexcept { Swap(&other); }
  ~Ref() { Drop(); }

  // What was held before is dropped last: it may die and look at this holder.
  Ref& operator=(const Ref& other) {
    Ref(other).Swap(this);
    return *this;
  }
  Ref& operator=(Ref&& other) noexcept {
    Ref(static_cast<Ref&&>(other)).Swap(this);
    return *this;
  }

  // Holds `object`, whose count already stands for this holder.
  static Ref Adopt(T* object, Site site = Site::Here()) {
    Ref ref;
    ref.object_ = object;
    if (object != nullptr && object->Has(kWatched))
      LogIncRef(object, &ref, site);
    return ref;
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  operator T*() const { return object_; }  // NOLINT: lends what it holds

 private:
  void Take(Site site) {
    if (object_ == nullptr) return;
    IncRef(object_);
    if (object_->Has(kWatched)) LogIncRef(object_, this, site);
  }
  void Drop() {
    T* const held = object_;
    object_ = nullptr;
    if (held == nullptr) return;
    if (held->Has(kWatched)) LogDecRef(held, this);
    DecRef(held);
  }
  void Swap(Ref* other) {
    T* const mine = object_;
    object_ = other->object_;
    other->object_ = mine;
    if (object_ != nullptr && object_->Has(kWatched))
      LogMove(object_, other, this);
    if (mine != nullptr && mine->Has(kWatched)) LogMove(mine, this, other);
  }

  T* object_ = nullptr;
};

// A field of an object.
using Slot = Ref<Object>;
static_assert(sizeof(Slot) == 8);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_OBJECT_H_
