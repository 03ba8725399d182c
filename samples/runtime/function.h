// function.h: functions and what they capture.
//
//   Function, 64            Tuple            Cell, 40
//   +32 name ─▶ Str         +40 ──────────▶  +32 the variable's value
//   +40 code                +48 …
//   +48 closure ─────────▶                   BoundMethod, 56
//   +56 first weak reference                 +32 function, +40 self,
//                                            +48 first weak reference
//
// A variable of an outer function that an inner one uses lives in a Cell that
// both refer to: as long as the inner function lives, so does the value.
//
// Invariant: code never changes; a closure holds Cells only.
#ifndef SAMPLES_RUNTIME_FUNCTION_H_
#define SAMPLES_RUNTIME_FUNCTION_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "samples/runtime/object.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tuple.h"

namespace runtime {

class Cell final : public Container {
 public:
  static Ref<Cell> Make(Object* value = nullptr, Site site = Site::Here());

  Object* Get() const { return value_; }  // nullptr: empty
  void Set(Object* value, Site site = Site::Here());

  const char* TypeName() const override { return "cell"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  Cell() = default;

  Slot value_;
};

class Function final : public Container {
 public:
  using Code = Ref<Object> (*)(Function& self, Ref<Object> argument);

  static Ref<Function> Make(std::string_view name, Code code,
                            std::initializer_list<Cell*> closure = {},
                            Site site = Site::Here());

  // The argument counts one more reference while it runs. The function stays
  // alive until it returns.
  Ref<Object> Call(Object* argument = nullptr, Site site = Site::Here());

  std::string_view name() const;  // "" once cleared
  // The cell at `index` of the closure. IndexError.
  Cell& Captured(size_t index) const;

  const char* TypeName() const override { return "function"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;
  WeakRef** WeakRefs() override { return &weak_refs_; }

 private:
  friend class Runtime;
  explicit Function(Code code) : code_(code) {}

  Ref<Str> name_;
  Code code_;
  Ref<Tuple> closure_;  // nullptr: it captures nothing
  WeakRef* weak_refs_ = nullptr;
};

// `self.method`, looked up and not yet called: it holds self.
class BoundMethod final : public Container {
 public:
  static Ref<BoundMethod> Make(Function* function, Object* self,
                               Site site = Site::Here());

  // Calls the function with the tuple (self, argument).
  Ref<Object> Call(Object* argument = nullptr, Site site = Site::Here());

  Function* function() const { return function_; }
  Object* self() const { return self_; }

  const char* TypeName() const override { return "method"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;
  WeakRef** WeakRefs() override { return &weak_refs_; }
  // Two look-ups of one method of one object are two objects, and equal.
  uint64_t Hash() const override;
  bool Equals(const Object& other) const override;

 private:
  friend class Runtime;
  BoundMethod() = default;

  Ref<Function> function_;
  Slot self_;
  WeakRef* weak_refs_ = nullptr;
};

static_assert(sizeof(Cell) == 40);
static_assert(sizeof(Function) == 64);
static_assert(sizeof(BoundMethod) == 56);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_FUNCTION_H_
