// native_block_test.cc
#include "samples/runtime/native_block.h"

#include "samples/runtime/list.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using NativeBlockTest = RuntimeFixture;

TEST_F(NativeBlockTest, ItsBufferIsNotTheRuntimesMemory) {
  const uint64_t before = LiveBytes();
  const Ref<NativeBlock> block = NativeBlock::Make(1000);
  EXPECT_EQ(LiveBytes(), before + 32);
  EXPECT_EQ(block->ShallowBytes(), 1032u);
  EXPECT_EQ(NativeBlock::Make(1)->buffer_bytes(), 8u);
}

TEST_F(NativeBlockTest, AHiddenReferenceCountsAndIsNotTraversed) {
  const Ref<List> first = List::Make();
  const Ref<List> second = List::Make();
  {
    const Ref<NativeBlock> block = NativeBlock::Make(64);
    block->Hide(first);
    EXPECT_EQ(first->refcount(), 2u);
    block->Hide(second);
    EXPECT_EQ(first->refcount(), 1u);
    EXPECT_EQ(block->hidden(), second.get());
    block->Traverse([](Object*) { ADD_FAILURE(); });
  }
  EXPECT_EQ(second->refcount(), 1u);
}

TEST_F(NativeBlockTest, NoCollectionSeesACycleThroughABuffer) {
  Ref<List> list = List::Make();
  Ref<NativeBlock> block = NativeBlock::Make(64);
  block->Hide(list);
  list->Append(block);
  List* const lost = list;
  list = nullptr;
  block = nullptr;
  EXPECT_EQ(runtime_.collector().Collect().unreachable, 0u);
  EXPECT_EQ(lost->size(), 1u);
  lost->Clear();  // breaks it by hand
}

}  // namespace
}  // namespace runtime
