// sizes.cc
#include "samples/runtime/sizes.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/set.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tuple.h"

namespace runtime {
namespace {

// What is reached from some blocks of a graph along strong edges.
class Flood {
 public:
  explicit Flood(const ExactGraph& graph)
      : graph_(graph), is_reached_(graph.blocks.size()) {}

  // Nothing passes this block.
  void Bar(const void* start) { barred_ = graph_.At(start); }

  void From(const void* start) {
    Reach(graph_.At(start));
    while (!waiting_.empty()) {
      const void* const from = waiting_.back();
      waiting_.pop_back();
      // Edges stand by ascending source.
      auto edge =
          std::lower_bound(graph_.edges.begin(), graph_.edges.end(), from,
                           [](const ExactEdge& row, const void* value) {
                             return std::less<>()(row.from, value);
                           });
      for (; edge != graph_.edges.end() && edge->from == from; ++edge) {
        if (!edge->is_weak) Reach(graph_.At(edge->to));
      }
    }
  }

  uint64_t bytes() const { return bytes_; }
  uint64_t count() const { return count_; }
  uint64_t objects() const { return objects_; }  // the others are their blocks

 private:
  void Reach(const ExactBlock* block) {
    if (block == nullptr || block == barred_) return;
    const size_t index = static_cast<size_t>(block - graph_.blocks.data());
    if (is_reached_[index]) return;
    is_reached_[index] = true;
    bytes_ += block->bytes;
    ++count_;
    if (block->object != nullptr) ++objects_;
    waiting_.push_back(block->start);
  }

  const ExactGraph& graph_;
  const ExactBlock* barred_ = nullptr;
  std::vector<bool> is_reached_;
  std::vector<const void*> waiting_;
  uint64_t bytes_ = 0;
  uint64_t count_ = 0;
  uint64_t objects_ = 0;
};

Ref<List> ListOfInts(int64_t count) {
  Ref<List> list = List::WithCapacity(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) list->Append(Int::Make(i));
  return list;
}

Ref<Dict> DictOfInts(int64_t count) {
  Ref<Dict> dict = Dict::Make();
  for (int64_t i = 0; i < count; ++i) {
    const Ref<Int> number = Int::Make(i);
    dict->Set(number, number);
  }
  return dict;
}

Ref<Set> SetOfInts(int64_t count) {
  Ref<Set> set = Set::Make();
  for (int64_t i = 0; i < count; ++i) set->Add(Int::Make(i));
  return set;
}

}  // namespace

uint64_t DeepBytes(const Object* object) {
  std::unordered_set<const Object*> seen{object};
  std::vector<const Object*> waiting{object};
  uint64_t bytes = 0;
  while (!waiting.empty()) {
    const Object* const next = waiting.back();
    waiting.pop_back();
    bytes += next->ShallowBytes();
    next->Traverse([&](Object* referent) {
      if (seen.insert(referent).second) waiting.push_back(referent);
    });
  }
  return bytes;
}

BlockSizes SizesInGraph(const ExactGraph& graph, const Object* object) {
  BlockSizes sizes;
  sizes.shallow_bytes = graph.At(object)->bytes;
  Flood deep(graph);
  deep.From(object);
  sizes.deep_bytes = deep.bytes();
  Flood with(graph);
  Flood without(graph);
  without.Bar(object);
  for (const Object* const root : graph.roots) {
    with.From(root);
    without.From(root);
  }
  sizes.retained_bytes = with.bytes() - without.bytes();
  sizes.retained_count = with.count() - without.count();
  return sizes;
}

uint64_t ReachableObjects(const ExactGraph& graph) {
  Flood reached(graph);
  for (const Object* const root : graph.roots) reached.From(root);
  return reached.objects();
}

std::vector<SizeRow> SizeTable() {
  constexpr int64_t kTen = 10;
  const auto size = [](const Ref<Object>& object) {
    return object->ShallowBytes();
  };
  return {
      {"int (0)", size(Int::Make(0)), 28},
      {"int (1)", size(Int::Make(1)), 28},
      {"int (2**30)", size(Int::Make(1 << 30)), 32},
      {"float", size(Float::Make(3.14)), 24},
      {"str (empty)", size(Str::Make("")), 49},
      {"str (10 chars)", size(Str::Make("0123456789")), 59},
      {"bytes (empty)", size(Bytes::Make("")), 33},
      {"bytes (10)", size(Bytes::Make("0123456789")), 43},
      {"list (empty)", size(List::Make()), 56},
      {"list (10 ints)", size(ListOfInts(kTen)), 136},
      {"dict (empty)", size(Dict::Make()), 64},
      {"dict (10 items)", size(DictOfInts(kTen)), 352},
      {"set (empty)", size(Set::Make()), 216},
      {"set (10 items)", size(SetOfInts(kTen)), 728},
      {"tuple (empty)", size(Tuple::Make({})), 40},
      {"tuple (10)", size(Tuple::FromList(*ListOfInts(kTen))), 120},
  };
}

}  // namespace runtime
