// live_objects.h: the table of all live objects. Its memory is mapped, not
// malloc's, so that a tracer counts the program's objects and not one node of a
// list for each; addresses stand in it with all bits turned, so that whoever
// searches memory for references takes it for no owner.
//
// Invariant: an object is in it once; at most half of the slots are used.
#ifndef SAMPLES_RUNTIME_LIVE_OBJECTS_H_
#define SAMPLES_RUNTIME_LIVE_OBJECTS_H_

#include <cstddef>
#include <cstdint>

#include "samples/runtime/function_ref.h"

namespace runtime {

class Object;

class LiveObjectTable {
 public:
  LiveObjectTable() = default;
  ~LiveObjectTable();
  LiveObjectTable(const LiveObjectTable&) = delete;
  LiveObjectTable& operator=(const LiveObjectTable&) = delete;

  // REQUIRES: it is not in the table.
  void Insert(Object* object);
  // REQUIRES: it is in the table.
  void Erase(Object* object);
  size_t size() const { return size_; }
  // In no order. The table must stay as it is meanwhile.
  void ForEach(FunctionRef<void(Object*)> visit) const;

 private:
  size_t Home(uintptr_t word) const;  // where a search for it begins
  void Put(uintptr_t word);
  void Grow();

  uintptr_t* slots_ = nullptr;  // 0: free
  size_t capacity_ = 0;         // a power of 2, or none
  size_t size_ = 0;
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_LIVE_OBJECTS_H_
