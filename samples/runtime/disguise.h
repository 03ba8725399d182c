// disguise.h: addresses that are remembered without owning what is there. All
// bits are turned, so that whoever searches memory for references does not take
// a list of objects for their owner.
#ifndef SAMPLES_RUNTIME_DISGUISE_H_
#define SAMPLES_RUNTIME_DISGUISE_H_

#include <cstdint>

namespace runtime {

inline uintptr_t Disguised(const void* address) {
  return ~reinterpret_cast<uintptr_t>(address);
}

template <typename T>
T* Undisguised(uintptr_t address) {
  return reinterpret_cast<T*>(~address);
}

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_DISGUISE_H_
