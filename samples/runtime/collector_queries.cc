// collector_queries.cc: what the collector's lists tell of the program's
// objects, and the list that no collection looks at.
#include <unordered_set>

#include "samples/runtime/collector.h"
#include "samples/runtime/runtime.h"

namespace runtime {

std::vector<Container*> Collector::GetObjects() const {
  std::vector<Container*> objects;
  for (int generation = 0; generation < kGenerations; ++generation) {
    const std::vector<Container*> some = GetObjects(generation);
    objects.insert(objects.end(), some.begin(), some.end());
  }
  return objects;
}

std::vector<Container*> Collector::GetObjects(int generation) const {
  std::vector<Container*> objects;
  const GenerationList& list =
      generation == kPermanent ? permanent_ : generations_.at(generation);
  list.ForEach([&](Container* object) {
    // One whose count is 0 is as good as gone: nobody may hold it again.
    if (object->refcount() > 0) objects.push_back(object);
  });
  return objects;
}

std::vector<Container*> Collector::GetReferrers(
    const std::vector<Object*>& of) const {
  const std::unordered_set<const Object*> wanted(of.begin(), of.end());
  std::vector<Container*> referrers;
  for (Container* object : GetObjects()) {
    bool refers = false;
    object->Traverse(
        [&](Object* referent) { refers |= wanted.count(referent) != 0; });
    if (refers) referrers.push_back(object);
  }
  return referrers;
}

std::vector<Object*> Collector::GetReferents(const Object* of) {
  std::vector<Object*> referents;
  of->Traverse([&](Object* referent) { referents.push_back(referent); });
  return referents;
}

void Collector::Freeze() {
  for (int generation = 0; generation < kGenerations; ++generation) {
    for (Container* object : generations_[generation].TakeAll()) {
      object->generation_ = kPermanent;
      permanent_.PushBack(object);
    }
    counts_[generation] = 0;
  }
}

void Collector::Unfreeze() {
  for (Container* object : permanent_.TakeAll()) {
    object->generation_ = kGenerations - 1;
    generations_[kGenerations - 1].PushBack(object);
  }
}

std::vector<size_t> Collector::LinkOffsets() {
  const Collector& collector = Runtime::Current().collector();
  const char* const start = reinterpret_cast<const char*>(&collector);
  std::vector<size_t> offsets;
  const auto add = [&](const GenerationList& list) {
    const char* const head = reinterpret_cast<const char*>(&list);
    for (const size_t offset : GenerationList::LinkOffsets())
      offsets.push_back(static_cast<size_t>(head - start) + offset);
  };
  for (const GenerationList& list : collector.generations_) add(list);
  add(collector.permanent_);
  return offsets;
}

}  // namespace runtime
