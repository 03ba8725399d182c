#include "preload/sampling.h"

namespace heapline {
namespace {

// xorshift64*, Vigna 2016: full period, good upper bits.
uint64_t NextRandom(uint64_t* state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * UINT64_C(0x2545f4914f6cdd1d);
}

}  // namespace

double LogOfUnit(double x) {
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); ln m by the series of
  // 2 artanh((m - 1) / (m + 1)), whose argument is below 0.172.
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  int exponent = static_cast<int>(bits >> 52) - 1022;
  bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1022) << 52;
  double m;
  __builtin_memcpy(&m, &bits, sizeof m);  // [0.5, 1)
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  const double t = (m - 1) / (m + 1);
  const double t2 = t * t;
  const double series =
      1 + t2 * (1. / 3 + t2 * (1. / 5 + t2 * (1. / 7 + t2 * (1. / 9))));
  return exponent * 0.69314718055994531 + 2 * t * series;
}

int64_t DrawSampleDistance(uint64_t* random_state, uint64_t mean_bytes) {
  // (0, 1] in steps of 2^-53.
  const double unit =
      static_cast<double>((NextRandom(random_state) >> 11) + 1) * 0x1p-53;
  const double distance = -LogOfUnit(unit) * static_cast<double>(mean_bytes);
  if (distance >= 0x1p62) return INT64_C(1) << 62;
  return static_cast<int64_t>(distance) + 1;
}

}  // namespace heapline
