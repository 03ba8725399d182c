// lru_cache.cc
#include "samples/runtime/lru_cache.h"

#include "samples/runtime/fields.h"
#include "samples/runtime/runtime.h"

namespace runtime {

LruNode::~LruNode() {
  if (cache_ != nullptr) cache_->Unlink(this);
}

void LruNode::Traverse(Visit visit) const {
  TraverseFields(visit, key_, value_);
}
void LruNode::Clear() { ClearFields(key_, value_); }
void LruNode::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, key_, value_);
  visitor->Weak(this, OffsetIn(this, &newer_), newer_);
  visitor->Weak(this, OffsetIn(this, &older_), older_);
  visitor->Weak(this, OffsetIn(this, &cache_), cache_);
}

Ref<LruCache> LruCache::Make(size_t maxsize) {
  Ref<LruCache> cache = Runtime::Current().New<LruCache>(0, maxsize);
  cache->nodes_ = Dict::Make();
  return cache;
}

// Nodes may outlive it: somebody may have asked the collector for them.
LruCache::~LruCache() { Clear(); }

void LruCache::Link(LruNode* node) {
  node->cache_ = this;
  node->older_ = newest_;
  if (newest_ != nullptr) newest_->newer_ = node;
  if (oldest_ == nullptr) oldest_ = node;
  newest_ = node;
}

void LruCache::Unlink(LruNode* node) {
  (node->newer_ != nullptr ? node->newer_->older_ : newest_) = node->older_;
  (node->older_ != nullptr ? node->older_->newer_ : oldest_) = node->newer_;
  node->newer_ = node->older_ = nullptr;
  node->cache_ = nullptr;
}

Ref<Object> LruCache::Get(const Object* key) {
  LruNode* const node =
      nodes_ != nullptr ? static_cast<LruNode*>(nodes_->Get(key)) : nullptr;
  if (node == nullptr) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  Unlink(node);
  Link(node);
  return node->value_;
}

void LruCache::Put(Object* key, Object* value, Site site) {
  if (maxsize_ == 0) return;
  if (nodes_ == nullptr) nodes_ = Dict::Make();  // after Clear
  if (LruNode* const known = static_cast<LruNode*>(nodes_->Get(key))) {
    Unlink(known);
    Link(known);
    known->value_ = Slot(value, site);
    return;
  }
  // The one that goes dies last, when the cache is whole again.
  Ref<Object> evicted;
  if (nodes_->size() >= maxsize_) {
    LruNode* const oldest = oldest_;
    Unlink(oldest);
    evicted = nodes_->Remove(oldest->key_);
  }
  const Ref<LruNode> node = Runtime::Current().New<LruNode>(0);
  node->key_ = Slot(key, site);
  node->value_ = Slot(value, site);
  nodes_->Set(key, node, site);
  Link(node);
}

size_t LruCache::size() const { return nodes_ != nullptr ? nodes_->size() : 0; }

std::string LruCache::Info() const {
  const std::string maxsize =
      maxsize_ == kUnbounded ? "None" : std::to_string(maxsize_);
  return "CacheInfo(hits=" + std::to_string(hits_) +
         ", misses=" + std::to_string(misses_) + ", maxsize=" + maxsize +
         ", currsize=" + std::to_string(size()) + ")";
}

void LruCache::Traverse(Visit visit) const { TraverseFields(visit, nodes_); }
void LruCache::Clear() {
  while (newest_ != nullptr) Unlink(newest_);
  ClearFields(nodes_);
}
void LruCache::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, nodes_);
  visitor->Weak(this, OffsetIn(this, &newest_), newest_);
  visitor->Weak(this, OffsetIn(this, &oldest_), oldest_);
  visitor->Weak(this, OffsetIn(this, &weak_refs_), weak_refs_);
}

}  // namespace runtime
