// big_vector.h: a std::vector for columns of millions that are read in no
// order: where it is large, it asks for huge pages, without which most of the
// time goes to address translation.
//
// Invariant: what it holds and promises is std::vector's; only where the
// memory comes from differs. Thread-safe as std::vector.
#ifndef HEAPLINE_ANALYZER_BASE_BIG_VECTOR_H_
#define HEAPLINE_ANALYZER_BASE_BIG_VECTOR_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace heapline {

template <typename T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() = default;
  template <typename U>
  HugePageAllocator(const HugePageAllocator<U>&) {}  // NOLINT: as std's

  T* allocate(size_t count) {
    if (count > static_cast<size_t>(-1) / 2 / sizeof(T)) throw std::bad_alloc();
    const size_t bytes = count * sizeof(T);
    if (bytes < kLeastBytes) return static_cast<T*>(::operator new(bytes));
    void* memory = nullptr;
    if (posix_memalign(&memory, kHugePage, bytes) != 0) throw std::bad_alloc();
    // Refused where the kernel has none: then it is memory as any other.
    madvise(memory, bytes & ~(kHugePage - 1), MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t count) {
    if (count * sizeof(T) < kLeastBytes) {
      ::operator delete(memory);
    } else {
      std::free(memory);
    }
  }
  template <typename U>
  bool operator==(const HugePageAllocator<U>&) const {
    return true;
  }
  template <typename U>
  bool operator!=(const HugePageAllocator<U>&) const {
    return false;
  }

 private:
  static constexpr size_t kHugePage = size_t{2} << 20;
  static constexpr size_t kLeastBytes = 4 * kHugePage;
};

template <typename T>
using BigVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_BIG_VECTOR_H_
