// live_objects_test.cc: the table against a set. Objects are never looked into.
#include "samples/runtime/live_objects.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace runtime {
namespace {

TEST(LiveObjectTable, HoldsWhatASetHolds) {
  std::mt19937 random(3);
  LiveObjectTable table;
  std::set<Object*> expected;
  for (int step = 0; step < 200000; ++step) {
    // Few addresses, side by side: runs of used slots, and holes in them.
    const uintptr_t address = 16 * (1 + random() % 9000);
    Object* const object = reinterpret_cast<Object*>(address);
    if (expected.insert(object).second) {
      table.Insert(object);
    } else if (random() % 8 != 0) {
      expected.erase(object);
      table.Erase(object);
    }
  }
  EXPECT_GT(expected.size(), 3000u);
  EXPECT_EQ(table.size(), expected.size());
  std::set<Object*> found;
  table.ForEach(
      [&](Object* object) { EXPECT_TRUE(found.insert(object).second); });
  EXPECT_EQ(found, expected);
  for (Object* object : expected) table.Erase(object);
  EXPECT_EQ(table.size(), 0u);
  table.ForEach([](Object*) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace runtime
