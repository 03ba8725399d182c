// tracing_test.cc: tracemalloc's functions without a tracer, and (Traced, run
// under libheapline.so) with one.
#include "samples/runtime/tracing.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "samples/runtime/errors.h"
#include "samples/runtime/list.h"
#include "samples/runtime/pool_allocator.h"
#include "samples/runtime/text.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

TEST(Tracing, WithoutATracerNothingIsTraced) {
  EXPECT_FALSE(tracing::IsTracing());
  tracing::Start();
  EXPECT_FALSE(tracing::IsTracing());
  EXPECT_EQ(tracing::GetTracedMemory().current_bytes, 0u);
  EXPECT_EQ(ErrorOf([] { tracing::TakeSnapshot(); }),
            "RuntimeError: taking a snapshot: this process is not being "
            "traced; call Start, or run it by `heapline run`");
}

TEST(Tracing, ACommandThatCannotBeRunIsAnError) {
  tracing::Configure("nowhere", "/nonexistent/heapline");
  EXPECT_EQ(
      ErrorOf([] { tracing::Snapshot("a.hl").Statistics("line", 1); }),
      "RuntimeError: running /nonexistent/heapline: No such file or directory");
}

TEST(Tracing, WhatAFailingCommandSaysIsTold) {
  tracing::Configure("nowhere", "/bin/ls");
  const std::string error =
      ErrorOf([] { tracing::Snapshot("a.hl").Statistics("line", 1); });
  EXPECT_EQ(error.rfind("RuntimeError: /bin/ls top failed: /bin/ls: ", 0), 0u)
      << error;
}

class Traced : public RuntimeFixture {
 protected:
  void SetUp() override {
    const char* const snapshots = getenv("HEAPLINE_TEST_SNAPSHOTS");
    const char* const command = getenv("HEAPLINE_TEST_COMMAND");
    if (snapshots == nullptr || command == nullptr)
      GTEST_SKIP() << "ctest -R runtime.traced runs it under the tracer";
    tracing::Configure(snapshots, command);
  }
};

TEST_F(Traced, TheFirstRowOfAComparisonIsTheLineThatGrew) {
  ASSERT_TRUE(tracing::IsTracing());
  const Ref<List> kept = List::WithCapacity(1000);
  const tracing::Snapshot before = tracing::TakeSnapshot("before");
  const int line = __LINE__ + 2;
  for (int i = 0; i < 1000; ++i) {
    kept->Append(Str::Repeat(" ", 10000));
  }
  const tracing::Snapshot after = tracing::TakeSnapshot("after");
  EXPECT_NE(before.file(), after.file());
  const std::vector<std::string> rows = after.CompareTo(before, "line", 5);
  ASSERT_FALSE(rows.empty());
  EXPECT_LE(rows.size(), 5u);
  const std::string where = "tracing_test.cc:" + std::to_string(line) + ":";
  EXPECT_NE(rows[0].find(where), std::string::npos) << rows[0];
  EXPECT_NE(rows[0].find("(+1000)"), std::string::npos) << rows[0];
  const std::vector<std::string> top = after.Statistics("line", 1);
  ASSERT_EQ(top.size(), 1u);
  EXPECT_NE(top[0].find(where), std::string::npos) << top[0];
}

TEST_F(Traced, CountsCurrentAndPeakBytes) {
  tracing::ResetPeak();
  const tracing::TracedMemory before = tracing::GetTracedMemory();
  EXPECT_GT(before.current_bytes, 0u);
  { const Ref<Str> text = Str::Repeat("x", 10000000); }
  const tracing::TracedMemory after = tracing::GetTracedMemory();
  EXPECT_GE(after.peak_bytes, before.current_bytes + 10000000);
  EXPECT_LT(after.current_bytes, before.current_bytes + 10000000);
  tracing::ResetPeak();
  EXPECT_LT(tracing::GetTracedMemory().peak_bytes, after.peak_bytes);
}

// What a comparison says of the line where 1000 blocks of 64 bytes are made.
std::string RowOfPooledBlocks(PoolReports reports) {
  PoolAllocator pools(reports);
  std::vector<void*> blocks;
  blocks.reserve(1000);
  const tracing::Snapshot before = tracing::TakeSnapshot("before");
  for (int i = 0; i < 1000; ++i) blocks.push_back(pools.Allocate(64));
  const tracing::Snapshot after = tracing::TakeSnapshot("after");
  for (void* block : blocks) pools.Free(block, 64);
  const std::vector<std::string> rows = after.CompareTo(before, "line", 1);
  return rows.empty() ? "" : rows[0];
}

TEST_F(Traced, PoolsThatReportShowBlocksAndOthersArenas) {
  const std::string blocks = RowOfPooledBlocks(PoolReports::kReported);
  EXPECT_NE(blocks.find("tracing_test.cc:"), std::string::npos) << blocks;
  // And a few that the pools keep their own lists in.
  EXPECT_NE(blocks.find("(+62."), std::string::npos) << blocks;
  EXPECT_NE(blocks.find("count=100"), std::string::npos) << blocks;
  EXPECT_NE(blocks.find("(+100"), std::string::npos) << blocks;
  const std::string arena = RowOfPooledBlocks(PoolReports::kUnreported);
  EXPECT_NE(arena.find("size=256 KiB (+256 KiB)"), std::string::npos) << arena;
}

TEST_F(Traced, StopsAndStarts) {
  tracing::Stop();
  EXPECT_FALSE(tracing::IsTracing());
  EXPECT_NE(ErrorOf([] { tracing::TakeSnapshot(); }), "");
  tracing::Start();
  EXPECT_TRUE(tracing::IsTracing());
}

}  // namespace
}  // namespace runtime
