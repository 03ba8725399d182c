// sampling.h: what a sampled snapshot (sample=N) says of the whole heap. A
// block of `size` bytes is recorded with probability 1 - exp(-size/N), so each
// recorded block stands for 1 / that probability blocks of its size. Estimates
// are sums of such fractions; they become whole numbers once, by largest
// remainder, so that however rows are grouped afterwards they sum to the same
// total. Pure functions; thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_SAMPLING_H_
#define HEAPLINE_ANALYZER_ANALYSIS_SAMPLING_H_

#include <cstdint>
#include <vector>

namespace heapline {

// How many blocks of `size` bytes one recorded block stands for; >= 1. A block
// of 0 bytes counts as one of 1 byte. REQUIRES: mean_bytes > 0.
double BlocksStoodFor(uint64_t size, uint64_t mean_bytes);

// Whole numbers that sum to the rounded sum of `values` (all >= 0), each the
// floor of its value or one more: the largest fractions are rounded up, the
// lower index first where they are equal. What goes beyond 2^61 in all is cut
// off, from the last values first: no real heap has it.
std::vector<int64_t> RoundByLargestRemainder(const std::vector<double>& values);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_SAMPLING_H_
