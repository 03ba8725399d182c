// What a capture makes of a stack in the call tree: the thread's node, the
// cut at `depth`, scopes, nested captures, libunwind as the unwinder.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "preload/capture.h"
#include "preload/labels.h"
#include "preload/libunwind_oracle.h"
#include "preload/tracer.h"
#include "tests/unit/hostile_frames.h"

extern char** environ;

namespace heapline {
namespace {

class CaptureNodesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    tracer.environment = environ;
    tracer.pid = getpid();
    ASSERT_TRUE(InitializeCallTree());
    ASSERT_TRUE(InitializeCapture());
  }
  void SetUp() override {
    tracer.options.depth = 256;
    tracer.options.check = 0;
    if (current_thread == nullptr) AttachThread();
  }
};

NodeId captured;
CaptureMode mode_to_use;

__attribute__((noinline)) void CaptureHere() {
  current_thread->guard = mode_to_use == CaptureMode::kNested ? 2 : 1;
  captured =
      CaptureStack(current_thread, HEAPLINE_CALLER_CONTEXT(), mode_to_use);
  current_thread->guard = 0;
}

__attribute__((noinline)) void Below(int frames) {
  if (frames == 0) {
    CaptureHere();
  } else {
    Below(frames - 1);
  }
  Use(&frames);
}

// One node for each way, all captured at the same place of the same stack.
struct Way {
  CaptureMode mode;
  Unwinder unwinder;
};
constexpr Way kOurs = {CaptureMode::kOutermost, Unwinder::kCfi};
constexpr Way kNestedOurs = {CaptureMode::kNested, Unwinder::kCfi};
constexpr Way kLibunwinds = {CaptureMode::kOutermost, Unwinder::kLibunwind};

__attribute__((noinline, noclone)) std::vector<NodeId> CaptureInWays(
    int frames, const std::vector<Way>& ways) {
  std::vector<NodeId> nodes;
  for (const Way& way : ways) {
    mode_to_use = way.mode;
    tracer.options.unwinder = way.unwinder;
    Below(frames);
    nodes.push_back(captured);
  }
  return nodes;
}

NodeId CaptureBelow(int frames) { return CaptureInWays(frames, {kOurs})[0]; }

// Nodes from `node` outwards, without the root.
std::vector<Node> Path(NodeId node) {
  std::vector<Node> path;
  for (; node != kRootNode; node = NodeAt(node).parent) {
    path.push_back(NodeAt(node));
  }
  return path;
}

const Label* LabelOf(NodeId node) {
  for (size_t i = 0; i < LabelCount(); ++i) {
    if (LabelAt(i).node == node) return &LabelAt(i);
  }
  return nullptr;
}

TEST_F(CaptureNodesTest, TheSameStackIsTheSameNode) {
  const std::vector<NodeId> nodes = CaptureInWays(3, {kOurs, kOurs});
  EXPECT_EQ(nodes[0], nodes[1]);
  EXPECT_NE(CaptureBelow(3), CaptureBelow(4));
}

TEST_F(CaptureNodesTest, TheOutermostNodeIsTheThread) {
  const std::vector<Node> path = Path(CaptureBelow(3));
  ASSERT_GT(path.size(), 5u);
  EXPECT_EQ(path.back().kind(), HL_NODE_THREAD);
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    EXPECT_EQ(path[i].kind(), HL_NODE_RETURN_ADDRESS);
  }
  EXPECT_EQ(current_thread->truncated_stacks, 0u);
}

TEST_F(CaptureNodesTest, TheMainThreadHasANameAndNoStartRoutine) {
  CaptureBelow(0);
  const Label* label = LabelOf(current_thread->thread_node);
  ASSERT_NE(label, nullptr);
  EXPECT_EQ(label->address, 0u);
  EXPECT_STREQ(label->name, "capture_test");
}

TEST_F(CaptureNodesTest, ANestedCaptureGivesTheSameNode) {
  for (int frames : {0, 5, 25, 26, 27, 28, 29, 30, 120, 200}) {
    const std::vector<NodeId> nodes =
        CaptureInWays(frames, {kOurs, kNestedOurs});
    EXPECT_EQ(nodes[0], nodes[1]) << frames;
  }
}

TEST_F(CaptureNodesTest, ANestedCaptureLeavesTheThreadsCachesAlone) {
  CaptureBelow(2);
  const auto before = std::make_unique<ThreadState>(*current_thread);
  CaptureInWays(2, {kNestedOurs});
  before->guard = current_thread->guard;
  EXPECT_EQ(std::memcmp(static_cast<void*>(before.get()), current_thread,
                        sizeof(ThreadState)),
            0);
}

TEST_F(CaptureNodesTest, DepthKeepsTheInnermostFramesUnderATruncatedNode) {
  const std::vector<Node> whole = Path(CaptureBelow(50));
  tracer.options.depth = 10;
  const uint64_t cut_before = current_thread->truncated_stacks;
  for (NodeId node : CaptureInWays(50, {kOurs, kNestedOurs})) {
    const std::vector<Node> cut = Path(node);
    ASSERT_EQ(cut.size(), 12u);
    EXPECT_EQ(cut[10].kind(), HL_NODE_SPECIAL);
    EXPECT_EQ(cut[10].address, uint64_t{HL_SPECIAL_TRUNCATED});
    EXPECT_EQ(cut[11].kind(), HL_NODE_THREAD);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(cut[i].address, whole[i].address);
  }
  EXPECT_EQ(current_thread->truncated_stacks, cut_before + 2);
}

TEST_F(CaptureNodesTest, ADepthThatJustFitsCutsNothing) {
  const size_t frames = Path(CaptureBelow(20)).size() - 1;
  tracer.options.depth = frames + 1;
  const uint64_t cut_before = current_thread->truncated_stacks;
  EXPECT_EQ(Path(CaptureBelow(20)).size(), frames + 1);
  EXPECT_EQ(current_thread->truncated_stacks, cut_before);
}

TEST_F(CaptureNodesTest, DeepStacksGrowTheMemoryForThem) {
  tracer.options.depth = 100000;
  const std::vector<Node> path = Path(CaptureBelow(20000));
  EXPECT_GT(path.size(), 20000u);
  EXPECT_EQ(path.back().kind(), HL_NODE_THREAD);
}

TEST_F(CaptureNodesTest, DepthNoneIsOneNodeUnderTheThread) {
  tracer.options.depth = 0;
  const std::vector<Node> path = Path(CaptureBelow(3));
  ASSERT_EQ(path.size(), 2u);
  EXPECT_EQ(path[0].kind(), HL_NODE_SPECIAL);
  EXPECT_EQ(path[0].address, uint64_t{HL_SPECIAL_NO_STACK});
  EXPECT_EQ(path[1].kind(), HL_NODE_THREAD);
}

struct ThreadResult {
  NodeId thread_node;
  uint64_t start_routine;
  std::string name;
};

ThreadResult result;

__attribute__((noinline)) void* StartHere(void* name) {
  prctl(PR_SET_NAME, name);
  AttachThread();
  CaptureBelow(2);
  Use(name);
  const Label* label = LabelOf(current_thread->thread_node);
  result = {current_thread->thread_node, label->address, label->name};
  return nullptr;
}

ThreadResult RunThread(const char* name) {
  pthread_t thread;
  pthread_create(&thread, nullptr, StartHere, const_cast<char*>(name));
  pthread_join(thread, nullptr);
  return result;
}

TEST_F(CaptureNodesTest, AThreadIsKnownByItsStartRoutineAndName) {
  const ThreadResult one = RunThread("worker 17");
  EXPECT_EQ(one.start_routine, reinterpret_cast<uintptr_t>(&StartHere));
  EXPECT_EQ(one.name, "worker ##");
  EXPECT_EQ(RunThread("worker 42").thread_node, one.thread_node);
  EXPECT_NE(RunThread("writer 42").thread_node, one.thread_node);
}

TEST_F(CaptureNodesTest, TheStartRoutineIsFoundBelowAnyDepth) {
  tracer.options.depth = 1;
  EXPECT_EQ(RunThread("shallow").start_routine,
            reinterpret_cast<uintptr_t>(&StartHere));
}

TEST_F(CaptureNodesTest, ANewNameMovesTheThreadOnceItsScopesAreClosed) {
  std::thread([] {
    prctl(PR_SET_NAME, "before");
    AttachThread();
    CaptureBelow(0);
    const NodeId before = current_thread->thread_node;
    const NodeId scope = InternScopeNode(before, "request");
    current_thread->base_node = scope;
    prctl(PR_SET_NAME, "after");
    current_thread->name_changed = true;
    const std::vector<Node> path = Path(CaptureBelow(0));
    EXPECT_EQ(path[path.size() - 2].kind(), HL_NODE_SCOPE);
    EXPECT_EQ(current_thread->thread_node, before);
    current_thread->base_node = before;
    CaptureBelow(0);
    EXPECT_NE(current_thread->thread_node, before);
    EXPECT_STREQ(LabelOf(current_thread->thread_node)->name, "after");
  }).join();
}

TEST_F(CaptureNodesTest, AScopeIsANodeWithItsName) {
  const NodeId scope = InternScopeNode(kRootNode, "a scope of 1 name");
  EXPECT_EQ(NodeAt(scope).kind(), HL_NODE_SCOPE);
  EXPECT_EQ(InternScopeNode(kRootNode, "a scope of 1 name"), scope);
  EXPECT_NE(InternScopeNode(scope, "a scope of 1 name"), scope);
  EXPECT_STREQ(LabelOf(scope)->name, "a scope of 1 name");
  const std::string long_name(200, 'x');
  const NodeId cut = InternScopeNode(kRootNode, long_name.c_str());
  EXPECT_EQ(LabelOf(cut)->name, long_name.substr(0, 63));
}

TEST_F(CaptureNodesTest, LibunwindGivesTheSameFrames) {
  ASSERT_TRUE(LoadLibunwind());
  for (int frames : {0, 3, 100}) {
    const std::vector<NodeId> nodes =
        CaptureInWays(frames, {kOurs, kLibunwinds});
    EXPECT_EQ(nodes[0], nodes[1]) << frames;
  }
}

TEST_F(CaptureNodesTest, LibunwindHonoursDepth) {
  ASSERT_TRUE(LoadLibunwind());
  tracer.options.depth = 4;
  const std::vector<Node> path = Path(CaptureInWays(30, {kLibunwinds})[0]);
  ASSERT_EQ(path.size(), 6u);
  EXPECT_EQ(path[4].address, uint64_t{HL_SPECIAL_TRUNCATED});
}

TEST_F(CaptureNodesTest, CheckCountsStacksAndFindsNoDifference) {
  ASSERT_TRUE(LoadLibunwind());
  const CheckCounts before = ChecksSoFar();
  tracer.options.check = 2;
  for (int i = 0; i < 100; ++i) CaptureBelow(i);
  const CheckCounts after = ChecksSoFar();
  EXPECT_EQ(after.stacks - before.stacks, 50u);
  EXPECT_EQ(after.wrong, before.wrong);
  EXPECT_EQ(after.shorter, before.shorter);
  EXPECT_EQ(after.longer, before.longer);
  EXPECT_EQ(after.guessed, before.guessed);
}

// A rule that lies about one frame of ours must be noticed.
TEST_F(CaptureNodesTest, CheckFindsAWrongRule) {
  ASSERT_TRUE(LoadLibunwind());
  tracer.options.check = 1;
  CaptureBelow(6);
  const CheckCounts before = ChecksSoFar();
  for (ThreadState::RuleSlot& slot : current_thread->rules) {
    if (slot.return_address == 0 || slot.rule.kind != RuleKind::kNormal) {
      continue;
    }
    const ThreadState::RuleSlot kept = slot;
    slot.rule.kind = RuleKind::kEnd;
    CaptureBelow(6);
    slot = kept;
  }
  EXPECT_GT(ChecksSoFar().shorter, before.shorter);
}

}  // namespace
}  // namespace heapline
