// lru_cache.h: a cache that forgets what was not used for longest.
//
//   LruCache, 88                 LruNode, 72
//   +32 nodes ─▶ Dict: key ───▶  +32 key
//   +40 maxsize                  +40 value
//   +48 hits                     +48 more recently used ┐ not counted: the
//   +56 misses                   +56 less recently used │ dict's references
//   +64 most recently used       +64 cache              ┘ keep nodes
//   +72 least recently used
//   +80 first weak reference
//
// Invariant: the nodes of the list are those whose cache is this one; the dict
// holds just these, and no more than maxsize.
#ifndef SAMPLES_RUNTIME_LRU_CACHE_H_
#define SAMPLES_RUNTIME_LRU_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "samples/runtime/dict.h"
#include "samples/runtime/object.h"

namespace runtime {

class LruNode;

class LruCache final : public Container {
 public:
  static constexpr size_t kUnbounded = std::numeric_limits<size_t>::max();

  static Ref<LruCache> Make(size_t maxsize);
  ~LruCache() override;

  // A hit, and its entry the most recently used, or nullptr: a miss.
  Ref<Object> Get(const Object* key);
  // The entry becomes the most recently used; the least recently used goes
  // where there would be more than maxsize.
  void Put(Object* key, Object* value, Site site = Site::Here());

  size_t size() const;
  size_t maxsize() const { return maxsize_; }
  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }
  // cache_info(): "CacheInfo(hits=3, misses=2, maxsize=128, currsize=2)".
  std::string Info() const;

  const char* TypeName() const override {
    return "functools._lru_cache_wrapper";
  }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;
  WeakRef** WeakRefs() override { return &weak_refs_; }

 private:
  friend class Runtime;
  friend class LruNode;
  explicit LruCache(size_t maxsize) : maxsize_(maxsize) {}
  void Link(LruNode* node);    // as the most recently used
  void Unlink(LruNode* node);  // and forget it

  Ref<Dict> nodes_;
  size_t maxsize_;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
  LruNode* newest_ = nullptr;
  LruNode* oldest_ = nullptr;
  WeakRef* weak_refs_ = nullptr;
};

class LruNode final : public Container {
 public:
  ~LruNode() override;

  const char* TypeName() const override { return "functools._lru_list_elem"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  friend class LruCache;
  LruNode() = default;

  Slot key_;
  Slot value_;
  LruNode* newer_ = nullptr;
  LruNode* older_ = nullptr;
  LruCache* cache_ = nullptr;  // nullptr: in no list
};

static_assert(sizeof(LruCache) == 88);
static_assert(sizeof(LruNode) == 72);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_LRU_CACHE_H_
