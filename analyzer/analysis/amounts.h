// amounts.h: the five numbers that every heap row carries. Signed, since a
// growth is a difference of two. Sums of them never overflow in practice: a
// process cannot allocate 2^63 bytes. A value type; no state.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_AMOUNTS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_AMOUNTS_H_

#include <cstdint>

namespace heapline {

struct Amounts {
  int64_t live_bytes = 0;       // requested bytes of live blocks
  int64_t live_count = 0;       // live blocks
  int64_t total_bytes = 0;      // ever allocated
  int64_t total_count = 0;      // ever allocated
  int64_t temporary_count = 0;  // freed by the same thread before its next
                                // allocation

  bool is_zero() const {
    return live_bytes == 0 && live_count == 0 && total_bytes == 0 &&
           total_count == 0 && temporary_count == 0;
  }
  Amounts& operator+=(const Amounts& other) {
    live_bytes += other.live_bytes;
    live_count += other.live_count;
    total_bytes += other.total_bytes;
    total_count += other.total_count;
    temporary_count += other.temporary_count;
    return *this;
  }
  Amounts& operator-=(const Amounts& other) {
    live_bytes -= other.live_bytes;
    live_count -= other.live_count;
    total_bytes -= other.total_bytes;
    total_count -= other.total_count;
    temporary_count -= other.temporary_count;
    return *this;
  }
  friend Amounts operator+(Amounts a, const Amounts& b) { return a += b; }
  friend Amounts operator-(Amounts a, const Amounts& b) { return a -= b; }
  friend bool operator==(const Amounts& a, const Amounts& b) {
    return (a - b).is_zero();
  }
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_AMOUNTS_H_
