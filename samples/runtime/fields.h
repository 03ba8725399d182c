// fields.h: Traverse, Clear and Describe of objects whose references are a
// fixed list of fields, from that list; offsets for those that have more.
//
// Invariant: an object whose three functions name the same fields tells the
// collector and the exact graph the same.
#ifndef SAMPLES_RUNTIME_FIELDS_H_
#define SAMPLES_RUNTIME_FIELDS_H_

#include <cstddef>

#include "samples/runtime/object.h"

namespace runtime {

// Of a word within a block.
inline size_t OffsetIn(const void* block, const void* word) {
  return static_cast<size_t>(static_cast<const char*>(word) -
                             static_cast<const char*>(block));
}

template <typename T>
void TraverseField(Visit visit, const Ref<T>& field) {
  if (field.get() != nullptr) visit(field.get());
}

template <typename... Types>
void TraverseFields(Visit visit, const Ref<Types>&... fields) {
  (TraverseField(visit, fields), ...);
}

// Each is empty before what it held may die.
template <typename... Types>
void ClearFields(Ref<Types>&... fields) {
  ((fields = nullptr), ...);
}

// The fields are words of `block`.
template <typename... Types>
void DescribeFields(LayoutVisitor* visitor, const void* block,
                    const Ref<Types>&... fields) {
  (visitor->Strong(block, OffsetIn(block, &fields), fields.get()), ...);
}

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_FIELDS_H_
