// generation_list.h: a ring of containers, through their link words, with a
// head of its own.
//
//        ┌──────────────────────────────────────────┐
//        └─▶ head_ ⇄ oldest ⇄ … ⇄ youngest ⇄ (head_) ┘
//
// Invariant: object->next->prev == object, the head included. An object is in
// one ring at most; rings own nothing.
#ifndef SAMPLES_RUNTIME_GENERATION_LIST_H_
#define SAMPLES_RUNTIME_GENERATION_LIST_H_

#include <cstddef>
#include <vector>

#include "samples/runtime/object.h"

namespace runtime {

class GenerationList {
 public:
  GenerationList();
  GenerationList(const GenerationList&) = delete;
  GenerationList& operator=(const GenerationList&) = delete;

  void PushBack(Container* object);
  static void Remove(Container* object);
  bool empty() const;
  size_t size() const;  // counts: linear
  // REQUIRES: not empty.
  Container* front() const;
  // The ring must stay as it is meanwhile.
  void ForEach(FunctionRef<void(Container*)> visit) const;
  // All of it, in order; the ring is empty then.
  std::vector<Container*> TakeAll();

  // Where in a list the words stand that point to its first and its last:
  // bytes.
  static std::vector<size_t> LinkOffsets();

 private:
  struct Head : Container {
    const char* TypeName() const override { return "generation"; }
    size_t BlockBytes() const override { return sizeof(*this); }
  };
  Head head_;
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_GENERATION_LIST_H_
