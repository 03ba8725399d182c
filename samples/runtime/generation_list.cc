// generation_list.cc
#include "samples/runtime/generation_list.h"

#include <cassert>

namespace runtime {

GenerationList::GenerationList() {
  head_.links_.list.next = &head_;
  head_.links_.list.prev = &head_;
}

void GenerationList::PushBack(Container* object) {
  Container* const last = head_.links_.list.prev;
  object->links_.list.next = &head_;
  object->links_.list.prev = last;
  last->links_.list.next = object;
  head_.links_.list.prev = object;
}

void GenerationList::Remove(Container* object) {
  Container* const next = object->links_.list.next;
  Container* const prev = object->links_.list.prev;
  next->links_.list.prev = prev;
  prev->links_.list.next = next;
  object->links_.list.next = nullptr;
  object->links_.list.prev = nullptr;
}

bool GenerationList::empty() const { return head_.links_.list.next == &head_; }

size_t GenerationList::size() const {
  size_t count = 0;
  ForEach([&](Container*) { ++count; });
  return count;
}

Container* GenerationList::front() const {
  assert(!empty());
  return head_.links_.list.next;
}

void GenerationList::ForEach(FunctionRef<void(Container*)> visit) const {
  for (Container* object = head_.links_.list.next; object != &head_;
       object = object->links_.list.next) {
    visit(object);
  }
}

std::vector<Container*> GenerationList::TakeAll() {
  std::vector<Container*> all;
  ForEach([&](Container* object) { all.push_back(object); });
  head_.links_.list.next = &head_;
  head_.links_.list.prev = &head_;
  return all;
}

std::vector<size_t> GenerationList::LinkOffsets() {
  const GenerationList sample;
  const char* const start = reinterpret_cast<const char*>(&sample);
  const auto offset = [start](Container* const* word) {
    return static_cast<size_t>(reinterpret_cast<const char*>(word) - start);
  };
  return {offset(&sample.head_.links_.list.next),
          offset(&sample.head_.links_.list.prev)};
}

}  // namespace runtime
