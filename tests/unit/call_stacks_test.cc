#include "analyzer/analysis/call_stacks.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/heap_fixture.h"

namespace heapline {
namespace {

class CallStacksTest : public testing::Test {
 protected:
  std::vector<StackId> AddAll(const Snapshot& snapshot) {
    return stacks_.Add(snapshot,
                       std::vector<bool>(snapshot.nodes.size(), true));
  }
  std::string SiteOf(StackId stack) const {
    return LineText(stacks_.Frame(stacks_.Site(stack))).Full();
  }

  std::unique_ptr<Symbolizer> symbolizer_ =
      Symbolizer::Create(SymbolizerOptions{});
  CallStacks stacks_{symbolizer_.get()};
};

TEST_F(CallStacksTest, TheSameStackInTwoSnapshotsIsOneStack) {
  HeapBuilder a;
  const NodeId in_a = a.Call(a.Thread("main"), "f", "/src/f.cc:1");
  HeapBuilder b;
  b.Call(b.Thread("other"), "g", "/src/g.cc:2");
  const NodeId in_b = b.Call(b.Thread("main"), "f", "/src/f.cc:1");
  const Snapshot snapshot_a = a.Build(), snapshot_b = b.Build();
  const StackId first = AddAll(snapshot_a)[Index(in_a)];
  EXPECT_EQ(first, AddAll(snapshot_b)[Index(in_b)]);
}

TEST_F(CallStacksTest, TheSiteIsTheInnermostFrameOutsideWrappersAndHeaders) {
  HeapBuilder heap;
  const NodeId user =
      heap.Call(heap.Thread("main"), "Insert(int)", "/src/a.cc:10");
  const NodeId header = heap.Call(user, "std::vector<int>::push_back(int)",
                                  "/usr/include/c++/12/bits/stl_vector.h:1");
  const NodeId allocation = heap.Call(header, "operator new(unsigned long)", "",
                                      "/lib/libstdc++.so.6");
  const Snapshot snapshot = heap.Build();
  EXPECT_EQ(SiteOf(AddAll(snapshot)[Index(allocation)]), "/src/a.cc:10");
}

TEST_F(CallStacksTest, AWrapperThatIsNamedIsNoSite) {
  HeapBuilder heap;
  const NodeId user = heap.Call(heap.Thread("main"), "Use()", "/src/a.cc:10");
  const NodeId pool =
      heap.Call(user, "void* mine::Pool::Get<int>(int)", "/src/pool.h:7");
  const NodeId page = heap.Call(pool, "NewPage", "/src/pages.cc:3");
  const Snapshot snapshot = heap.Build();
  const auto site = [&](std::vector<std::string> wrappers) {
    CallStacks stacks(symbolizer_.get(), std::move(wrappers));
    const std::vector<StackId> added =
        stacks.Add(snapshot, std::vector<bool>(snapshot.nodes.size(), true));
    return LineText(stacks.Frame(stacks.Site(added[Index(page)]))).Full();
  };
  EXPECT_EQ(site({}), "/src/pages.cc:3");
  EXPECT_EQ(site({"pages.cc"}), "/src/pool.h:7");
  EXPECT_EQ(site({"pages.cc", "mine::*"}), "/src/a.cc:10");
  // Where nothing else is left, the innermost one.
  EXPECT_EQ(site({"*"}), "/src/pages.cc:3");
}

TEST_F(CallStacksTest, AnInlinedFrameCanBeTheSite) {
  HeapBuilder heap;
  const NodeId node = heap.Call(heap.Thread("main"), "Add", "/src/a.cc:3");
  heap.InlinedInto("Run", "/src/a.cc:20");
  const Snapshot snapshot = heap.Build();
  const StackId stack = AddAll(snapshot)[Index(node)];
  EXPECT_EQ(SiteOf(stack), "/src/a.cc:3");
  EXPECT_EQ(stacks_.Frames(stack).size(), 2u);
}

TEST_F(CallStacksTest, WhereAllIsSystemCodeTheInnermostThatIsNoWrapperIsSite) {
  HeapBuilder heap;
  const NodeId outer =
      heap.Call(heap.Thread("main"), "_dl_init", "", "/lib/ld-linux.so.2");
  const NodeId inner =
      heap.Call(outer, "std::setup()", "/usr/include/c++/12/setup.h:4");
  const NodeId wrapper = heap.Call(inner, "malloc", "", "/lib/libc.so.6");
  const Snapshot snapshot = heap.Build();
  EXPECT_EQ(SiteOf(AddAll(snapshot)[Index(wrapper)]),
            "/usr/include/c++/12/setup.h:4");
}

TEST_F(CallStacksTest, WhereAllAreWrappersTheInnermostIsSite) {
  HeapBuilder heap;
  const NodeId outer =
      heap.Call(heap.Thread("main"), "xmalloc", "/src/xmalloc.c:7");
  const NodeId inner = heap.Call(outer, "malloc", "/src/m.c:1", "/bin/app");
  const Snapshot snapshot = heap.Build();
  EXPECT_EQ(SiteOf(AddAll(snapshot)[Index(inner)]), "/src/m.c:1");
}

TEST_F(CallStacksTest, ATruncatedStackIsChargedToTheFrameThatIsKnown) {
  HeapBuilder heap;
  const NodeId cut = heap.Special(heap.Thread("main"), HL_SPECIAL_TRUNCATED);
  const NodeId known = heap.Call(cut, "f", "/src/f.cc:1");
  const Snapshot snapshot = heap.Build();
  const std::vector<StackId> stacks = AddAll(snapshot);
  EXPECT_EQ(SiteOf(stacks[Index(known)]), "/src/f.cc:1");
  EXPECT_EQ(SiteOf(stacks[Index(cut)]), "<truncated>");
}

TEST_F(CallStacksTest, CodeStacksOfTwoThreadsAreOne) {
  HeapBuilder heap;
  const NodeId a = heap.Call(heap.Thread("a"), "f", "/src/f.cc:1");
  const NodeId b = heap.Call(heap.Thread("b"), "f", "/src/f.cc:1");
  const Snapshot snapshot = heap.Build();
  const std::vector<StackId> stacks = AddAll(snapshot);
  EXPECT_NE(stacks[Index(a)], stacks[Index(b)]);
  EXPECT_EQ(stacks_.CodeStack(stacks[Index(a)]),
            stacks_.CodeStack(stacks[Index(b)]));
}

TEST_F(CallStacksTest, NodesThatNobodyWantsCostNoStack) {
  HeapBuilder heap;
  const NodeId main = heap.Thread("main");
  const NodeId wanted = heap.Call(main, "f", "/src/f.cc:1");
  const NodeId unwanted = heap.Call(main, "g", "/src/g.cc:1");
  const Snapshot snapshot = heap.Build();
  std::vector<bool> is_wanted(snapshot.nodes.size(), false);
  is_wanted[Index(wanted)] = true;
  const std::vector<StackId> stacks = stacks_.Add(snapshot, is_wanted);
  EXPECT_NE(stacks[Index(wanted)], kEmptyStack);
  EXPECT_EQ(stacks[Index(unwanted)], kEmptyStack);
  EXPECT_EQ(stacks_.stack_count(), 3u);  // empty, thread, thread + f
}

}  // namespace
}  // namespace heapline
