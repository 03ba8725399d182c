// growing_array.h: an array that doubles in pages of its own, for where no
// standard container is to be had: the snapshot's child. T is copied bytewise.
// One owner.
#ifndef HEAPLINE_PRELOAD_GROWING_ARRAY_H_
#define HEAPLINE_PRELOAD_GROWING_ARRAY_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/pages.h"

namespace heapline {

template <typename T>
class GrowingArray {
 public:
  GrowingArray() = default;
  ~GrowingArray() { Release(); }
  GrowingArray(const GrowingArray&) = delete;
  GrowingArray& operator=(const GrowingArray&) = delete;

  // False: no memory; the array stays as it is.
  bool Append(const T& value) {
    if (count_ == capacity_ && !Grow()) return false;
    items_[count_++] = value;
    return true;
  }
  // Room for `count` items in all: no Append up to there maps anything. False:
  // no memory.
  bool Reserve(size_t count) { return count <= capacity_ || GrowTo(count); }
  // Whether some Append found no memory.
  bool lacks_memory() const { return lacks_memory_; }

  size_t count() const { return count_; }
  T& operator[](size_t index) { return items_[index]; }
  const T& operator[](size_t index) const { return items_[index]; }
  // REQUIRES: count <= count().
  void CutTo(size_t count) { count_ = count; }

 private:
  bool Grow() {
    constexpr size_t kFirst = (kPageBytes + sizeof(T) - 1) / sizeof(T);
    return GrowTo(capacity_ == 0 ? kFirst : capacity_ * 2);
  }
  bool GrowTo(size_t capacity) {
    T* grown =
        static_cast<T*>(MapPages(capacity * sizeof(T), PageUse::kEssential));
    if (grown == nullptr) {
      lacks_memory_ = true;
      return false;
    }
    for (size_t i = 0; i < count_; ++i) grown[i] = items_[i];
    Release();
    items_ = grown;
    capacity_ = capacity;
    return true;
  }
  void Release() {
    if (items_ != nullptr) UnmapPages(items_, capacity_ * sizeof(T));
  }

  T* items_ = nullptr;
  size_t count_ = 0;
  size_t capacity_ = 0;
  bool lacks_memory_ = false;
};

// Of items with an `end`, ascending: the first that ends after `address`, or
// count().
template <typename T>
size_t FirstEndingAfter(const GrowingArray<T>& items, uintptr_t address) {
  size_t low = 0;
  size_t high = items.count();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (items[middle].end <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_GROWING_ARRAY_H_
