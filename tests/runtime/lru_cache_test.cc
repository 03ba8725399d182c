// lru_cache_test.cc
#include "samples/runtime/lru_cache.h"

#include <algorithm>
#include <list>
#include <random>

#include "samples/runtime/cast.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using LruCacheTest = RuntimeFixture;

TEST_F(LruCacheTest, ForgetsWhatWasNotUsedForLongest) {
  const Ref<LruCache> cache = LruCache::Make(2);
  cache->Put(Int::Make(1), Int::Make(10));
  cache->Put(Int::Make(2), Int::Make(20));
  EXPECT_NE(cache->Get(Int::Make(1)), nullptr);
  cache->Put(Int::Make(3), Int::Make(30));
  EXPECT_EQ(cache->Get(Int::Make(2)), nullptr);
  EXPECT_NE(cache->Get(Int::Make(1)), nullptr);
  EXPECT_NE(cache->Get(Int::Make(3)), nullptr);
  EXPECT_EQ(cache->Info(),
            "CacheInfo(hits=3, misses=1, maxsize=2, currsize=2)");
}

TEST_F(LruCacheTest, AnEvictedEntryDiesAtOnce) {
  const Ref<LruCache> cache = LruCache::Make(1);
  const Ref<List> value = List::Make();
  cache->Put(Int::Make(1), value);
  EXPECT_EQ(value->refcount(), 2u);
  cache->Put(Int::Make(2), Int::Make(0));
  EXPECT_EQ(value->refcount(), 1u);
}

TEST_F(LruCacheTest, OfSizeZeroItHoldsNothingAndUnboundedAll) {
  const Ref<LruCache> none = LruCache::Make(0);
  none->Put(Int::Make(1), Int::Make(1));
  EXPECT_EQ(none->size(), 0u);
  const Ref<LruCache> all = LruCache::Make(LruCache::kUnbounded);
  for (int i = 0; i < 1000; ++i) all->Put(Int::Make(i), Int::Make(i));
  EXPECT_EQ(all->Info(),
            "CacheInfo(hits=0, misses=0, maxsize=None, currsize=1000)");
}

TEST_F(LruCacheTest, DoesWhatAListOfRecentlyUsedDoes) {
  std::mt19937 random(3);
  const Ref<LruCache> cache = LruCache::Make(20);
  std::list<std::pair<int64_t, int64_t>> model;  // most recently used first
  for (int64_t step = 0; step < 20000; ++step) {
    const int64_t key = static_cast<int64_t>(random() % 40);
    const auto row =
        std::find_if(model.begin(), model.end(),
                     [key](const auto& pair) { return pair.first == key; });
    if (random() % 2 == 0) {
      const Ref<Object> value = cache->Get(Int::Make(key));
      ASSERT_EQ(value != nullptr, row != model.end());
      if (value == nullptr) continue;
      ASSERT_EQ(ValueOf(value), row->second);
      model.splice(model.begin(), model, row);
    } else {
      cache->Put(Int::Make(key), Int::Make(step));
      if (row != model.end()) model.erase(row);
      model.emplace_front(key, step);
      if (model.size() > 20) model.pop_back();
    }
    ASSERT_EQ(cache->size(), model.size());
  }
}

TEST_F(LruCacheTest, NodesMayOutliveTheirCache) {
  Ref<LruCache> cache = LruCache::Make(3);
  for (int i = 0; i < 3; ++i) cache->Put(Int::Make(i), Int::Make(i));
  Ref<Object> dict;
  cache->Traverse([&](Object* object) { dict = object; });
  cache = nullptr;
  size_t nodes = 0;
  dict->Traverse([&](Object* object) {
    if (Cast<LruNode>(object) != nullptr) ++nodes;
  });
  EXPECT_EQ(nodes, 3u);
}

TEST_F(LruCacheTest, ACacheThatHoldsItselfIsCollected) {
  const Ref<LruCache> cache = LruCache::Make(3);
  cache->Put(Int::Make(1), cache);
  cache->Put(Int::Make(2), List::Make({cache}));
}

}  // namespace
}  // namespace runtime
