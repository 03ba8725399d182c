// cast.h: from an object to its type. Exact types only: `Cast<Str>` gives
// nullptr for what is no Str, and for None (nullptr).
#ifndef SAMPLES_RUNTIME_CAST_H_
#define SAMPLES_RUNTIME_CAST_H_

#include <typeinfo>

#include "samples/runtime/object.h"

namespace runtime {

// Compares types instead of walking bases as dynamic_cast does: it stands in
// every look-up of a dict.
template <typename T>
T* Cast(Object* object) {
  if (object == nullptr || typeid(*object) != typeid(T)) return nullptr;
  return static_cast<T*>(object);
}

template <typename T>
const T* Cast(const Object* object) {
  return Cast<T>(const_cast<Object*>(object));
}

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_CAST_H_
