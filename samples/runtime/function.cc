// function.cc
#include "samples/runtime/function.h"

#include "samples/runtime/cast.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/list.h"
#include "samples/runtime/runtime.h"

namespace runtime {

Ref<Cell> Cell::Make(Object* value, Site site) {
  Ref<Cell> cell = Runtime::Current().New<Cell>(0);
  cell->Set(value, site);
  return cell;
}

void Cell::Set(Object* value, Site site) { value_ = Slot(value, site); }

void Cell::Traverse(Visit visit) const { TraverseFields(visit, value_); }
void Cell::Clear() { ClearFields(value_); }
void Cell::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, value_);
}

Ref<Function> Function::Make(std::string_view name, Code code,
                             std::initializer_list<Cell*> closure, Site site) {
  Ref<Function> function = Runtime::Current().New<Function>(0, code);
  function->name_ = Str::Make(name);
  if (closure.size() == 0) return function;
  const Ref<List> cells = List::WithCapacity(closure.size());
  for (Cell* const cell : closure) cells->Append(cell, site);
  function->closure_ = Tuple::FromList(*cells, site);
  return function;
}

Ref<Object> Function::Call(Object* argument, Site site) {
  const Ref<Function> alive(this, site);
  return code_(*this, Ref<Object>(argument, site));
}

std::string_view Function::name() const {
  return name_ != nullptr ? name_->view() : std::string_view();
}

Cell& Function::Captured(size_t index) const {
  if (closure_ == nullptr) throw IndexError("tuple index out of range");
  return *Cast<Cell>(closure_->Get(static_cast<int64_t>(index)));
}

void Function::Traverse(Visit visit) const {
  TraverseFields(visit, name_, closure_);
}
void Function::Clear() { ClearFields(name_, closure_); }
void Function::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, name_, closure_);
  visitor->Weak(this, OffsetIn(this, &weak_refs_), weak_refs_);
}

Ref<BoundMethod> BoundMethod::Make(Function* function, Object* self,
                                   Site site) {
  Ref<BoundMethod> method = Runtime::Current().New<BoundMethod>(0);
  method->function_ = Ref<Function>(function, site);
  method->self_ = Slot(self, site);
  return method;
}

Ref<Object> BoundMethod::Call(Object* argument, Site site) {
  const Ref<Function> function(function_, site);
  const Ref<Tuple> arguments = Tuple::Make({self_, argument}, site);
  return function->Call(arguments, site);
}

void BoundMethod::Traverse(Visit visit) const {
  TraverseFields(visit, function_, self_);
}
void BoundMethod::Clear() { ClearFields(function_, self_); }
void BoundMethod::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, function_, self_);
  visitor->Weak(this, OffsetIn(this, &weak_refs_), weak_refs_);
}

uint64_t BoundMethod::Hash() const {
  const uint64_t function = reinterpret_cast<uintptr_t>(function_.get()) >> 4;
  const uint64_t self = reinterpret_cast<uintptr_t>(self_.get()) >> 4;
  return function ^ self << 1;
}

bool BoundMethod::Equals(const Object& other) const {
  const BoundMethod* const method = Cast<BoundMethod>(&other);
  return method != nullptr && method->function_ == function_ &&
         method->self_ == self_;
}

}  // namespace runtime
