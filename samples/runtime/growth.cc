// growth.cc
#include "samples/runtime/growth.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <unordered_map>
#include <unordered_set>

#include "samples/runtime/collector.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

constexpr size_t kMostHolders = 10;

// Frozen ones hold too.
std::vector<Container*> AllTracked() {
  const Collector& collector = Runtime::Current().collector();
  std::vector<Container*> all = collector.GetObjects();
  const std::vector<Container*> frozen = collector.GetObjects(kPermanent);
  all.insert(all.end(), frozen.begin(), frozen.end());
  return all;
}

// The heap's references turned round, as of one moment.
class Holders {
 public:
  struct Holder {
    const Object* object = nullptr;
    uint64_t references = 0;
  };

  Holders() {
    for (const Container* from : AllTracked()) {
      from->Traverse([&](Object* to) { Add(from, to); });
    }
  }

  const std::vector<Holder>& Of(const Object* object) const {
    static const std::vector<Holder> kNone;
    const auto row = holders_.find(object);
    return row != holders_.end() ? row->second : kNone;
  }

  uint64_t OutsideReferences(const Object& object) const {
    uint64_t inside = 0;
    for (const Holder& holder : Of(&object)) inside += holder.references;
    return object.refcount() > inside ? object.refcount() - inside : 0;
  }

 private:
  // One object's references come one after another.
  void Add(const Object* from, const Object* to) {
    std::vector<Holder>& row = holders_[to];
    if (row.empty() || row.back().object != from) row.push_back({from, 0});
    ++row.back().references;
  }

  std::unordered_map<const Object*, std::vector<Holder>> holders_;
};

// Breadth first, from `object` to its holders.
std::vector<const Object*> FindChain(const Holders& holders,
                                     const Object* object,
                                     FunctionRef<bool(const Object&)> predicate,
                                     size_t max_depth) {
  struct Reached {
    const Object* object;
    size_t towards;  // index of the object that it holds
    size_t depth;
  };
  std::vector<Reached> reached = {{object, 0, 0}};
  std::unordered_set<const Object*> seen = {object};
  for (size_t i = 0; i < reached.size(); ++i) {
    const Reached here = reached[i];
    if (predicate(*here.object)) {
      std::vector<const Object*> chain = {here.object};
      for (size_t at = i; at != 0;) {
        at = reached[at].towards;
        chain.push_back(reached[at].object);
      }
      return chain;
    }
    if (here.depth == max_depth) continue;
    for (const Holders::Holder& holder : holders.Of(here.object)) {
      if (seen.insert(holder.object).second)
        reached.push_back({holder.object, i, here.depth + 1});
    }
  }
  return {object};
}

std::string CountOf(uint64_t references) {
  return "(" + std::to_string(references) +
         (references == 1 ? " reference)" : " references)");
}

}  // namespace

std::map<std::string, uint64_t> CountByType() {
  std::map<std::string, uint64_t> counts;
  for (const Container* object : AllTracked()) ++counts[object->TypeName()];
  return counts;
}

std::vector<TypeGrowth> GrowthByType::Look(size_t limit) {
  std::vector<TypeGrowth> rows;
  for (const auto& [type, count] : CountByType()) {
    uint64_t& highest = highest_[type];
    if (count <= highest) continue;
    rows.push_back({type, count, count - highest});
    highest = count;
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const TypeGrowth& a, const TypeGrowth& b) {
                     return a.growth > b.growth;
                   });
  if (rows.size() > limit) rows.resize(limit);
  return rows;
}

std::string ShowGrowth(const std::vector<TypeGrowth>& rows) {
  size_t width = 0;
  for (const TypeGrowth& row : rows) width = std::max(width, row.type.size());
  std::string text;
  for (const TypeGrowth& row : rows) {
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%9" PRIu64 " %+9" PRId64 "\n", row.count,
             static_cast<int64_t>(row.growth));
    text += row.type + std::string(width - row.type.size(), ' ') + numbers;
  }
  return text;
}

std::vector<const Object*> FindBackrefChain(
    const Object* object, FunctionRef<bool(const Object&)> predicate,
    size_t max_depth) {
  return FindChain(Holders(), object, predicate, max_depth);
}

bool IsHeldFromOutside(const Object& object) {
  return Holders().OutsideReferences(object) > 0;
}

std::string ChainText(const std::vector<const Object*>& chain) {
  std::string text;
  for (const Object* object : chain) {
    if (!text.empty()) text += " -> ";
    text += object->TypeName();
  }
  return text;
}

std::string Backrefs(const Object* object, size_t max_depth) {
  struct Line {
    const Object* object;  // nullptr: the text is all
    std::string text;
    size_t depth;
  };
  const Holders holders;
  std::string text;
  std::unordered_set<const Object*> told;
  std::vector<Line> to_tell = {{object, object->TypeName(), 0}};
  while (!to_tell.empty()) {
    const Line line = to_tell.back();
    to_tell.pop_back();
    text += std::string(2 * line.depth, ' ') + line.text;
    const bool is_new =
        line.object != nullptr && told.insert(line.object).second;
    if (line.object != nullptr && !is_new) text += ", told above";
    text += '\n';
    if (!is_new || line.depth == max_depth) continue;
    std::vector<Line> below;
    for (const Holders::Holder& holder : holders.Of(line.object)) {
      if (below.size() == kMostHolders) {
        const size_t more = holders.Of(line.object).size() - kMostHolders;
        below.push_back(
            {nullptr, "and " + std::to_string(more) + " more", line.depth + 1});
        break;
      }
      below.push_back({holder.object,
                       std::string("held by ") + holder.object->TypeName() +
                           " " + CountOf(holder.references),
                       line.depth + 1});
    }
    if (const uint64_t outside = holders.OutsideReferences(*line.object))
      below.push_back(
          {nullptr, "held from outside " + CountOf(outside), line.depth + 1});
    to_tell.insert(to_tell.end(), below.rbegin(), below.rend());
  }
  return text;
}

}  // namespace runtime
