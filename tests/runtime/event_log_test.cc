// event_log_test.cc: the life of a watched object, event by event.
#include "samples/runtime/event_log.h"

#include <utility>
#include <vector>

#include "samples/runtime/class.h"
#include "samples/runtime/list.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using EventLogTest = RuntimeFixture;
using What = Event::What;

std::vector<std::pair<What, uint32_t>> WhatsAndCounts(const EventLog& log) {
  std::vector<std::pair<What, uint32_t>> rows;
  for (const Event& event : log.events())
    rows.emplace_back(event.what, event.count);
  return rows;
}

TEST_F(EventLogTest, TheHoldersAreThoseWhoTookSinceWatch) {
  Ref<List> before = List::Make();
  EventLog& log = runtime_.events();
  log.Watch(before);
  const int line = __LINE__ + 1;
  Ref<List> since = before;
  ASSERT_EQ(log.HoldersOf(before).size(), 1u);
  EXPECT_EQ(log.HoldersOf(before)[0].holder, &since);
  EXPECT_EQ(log.HoldersOf(before)[0].site.line, line);
  // The one moves, and is known by its statement; the other is no holder.
  Ref<List> moved = std::move(since);
  const Ref<List> stranger = std::move(before);
  ASSERT_EQ(log.HoldersOf(stranger).size(), 1u);
  EXPECT_EQ(log.HoldersOf(stranger)[0].holder, &moved);
  EXPECT_EQ(log.HoldersOf(stranger)[0].site.line, line);
  moved = nullptr;
  EXPECT_TRUE(log.HoldersOf(stranger).empty());
}

TEST_F(EventLogTest, EachCountIsTheOneAfterTheEvent) {
  const auto finalizer = [](Instance&) {};
  Ref<Class> of = Class::Make("C", {std::nullopt, {}, finalizer});
  Ref<Instance> object = of->New();
  runtime_.events().Watch(object);
  object = nullptr;
  of = nullptr;
  EXPECT_EQ(WhatsAndCounts(runtime_.events()),
            (std::vector<std::pair<What, uint32_t>>{{What::kWatched, 1},
                                                    {What::kMoved, 1},
                                                    {What::kDecRef, 0},
                                                    {What::kFinalized, 0},
                                                    {What::kFreed, 0}}));
}

TEST_F(EventLogTest, WhoIsSavedByHisFinalizerIsCountedAgain) {
  Ref<Instance> saved;
  const auto finalizer = [&](Instance& self) { saved = &self; };
  const Ref<Class> of = Class::Make("C", {std::nullopt, {}, finalizer});
  Ref<Instance> object = of->New();
  runtime_.events().Watch(object);
  object = nullptr;
  uint32_t count_at_finalized = 0;
  for (const Event& event : runtime_.events().events()) {
    if (event.what == What::kFinalized) count_at_finalized = event.count;
  }
  EXPECT_EQ(count_at_finalized, 1u);
  EXPECT_EQ(saved->refcount(), 1u);
  saved = nullptr;
  EXPECT_EQ(runtime_.events().events().back().what, What::kFreed);
}

}  // namespace
}  // namespace runtime
