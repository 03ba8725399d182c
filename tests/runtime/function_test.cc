// function_test.cc
#include "samples/runtime/function.h"

#include "samples/runtime/cast.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using FunctionTest = RuntimeFixture;

Ref<Object> CountOfArgument(Function&, Ref<Object> argument) {
  return Int::Make(argument->refcount());
}

// def increment(_): nonlocal n; n += 1; return n
Ref<Object> Increment(Function& self, Ref<Object>) {
  Cell& n = self.Captured(0);
  n.Set(Int::Make(ValueOf(n.Get()) + 1));
  return n.Get();
}

TEST_F(FunctionTest, ACallCountsItsArgumentOnce) {
  const Ref<Function> function = Function::Make("count", CountOfArgument);
  const Ref<List> argument = List::Make();
  const Ref<Object> count = function->Call(argument);
  EXPECT_EQ(ValueOf(count), 2);
  EXPECT_EQ(argument->refcount(), 1u);
  EXPECT_EQ(function->name(), "count");
}

TEST_F(FunctionTest, AVariableLivesAsLongAsAFunctionUsesIt) {
  Ref<Cell> n = Cell::Make(Int::Make(998));
  const Ref<Function> one = Function::Make("increment", Increment, {n});
  Ref<Function> other = Function::Make("increment", Increment, {n});
  one->Call();
  n = nullptr;
  EXPECT_EQ(ValueOf(other->Call()), 1000);
  other = nullptr;
  EXPECT_EQ(ValueOf(one->Call()), 1001);
  EXPECT_EQ(ErrorOf([&] { one->Captured(1); }),
            "IndexError: tuple index out of range");
}

TEST_F(FunctionTest, ABoundMethodHoldsItsObject) {
  const Ref<Function> function = Function::Make("method", ReturnArgument);
  Ref<List> self = List::Make();
  const Ref<BoundMethod> method = BoundMethod::Make(function, self);
  const Ref<BoundMethod> again = BoundMethod::Make(function, self);
  EXPECT_EQ(self->refcount(), 3u);
  EXPECT_NE(method.get(), again.get());
  EXPECT_TRUE(method->Equals(*again));
  EXPECT_EQ(method->Hash(), again->Hash());

  const Ref<Object> arguments = method->Call(function);
  const Tuple* const tuple = Cast<Tuple>(arguments.get());
  ASSERT_NE(tuple, nullptr);
  EXPECT_EQ(tuple->Get(0), self.get());
  EXPECT_EQ(tuple->Get(1), function.get());
}

TEST_F(FunctionTest, AFunctionThatCapturesItselfIsCollected) {
  const Ref<Cell> itself = Cell::Make();
  const Ref<Function> function = Function::Make("f", ReturnArgument, {itself});
  itself->Set(function);
}

}  // namespace
}  // namespace runtime
