// trend_populations.h: made-up populations of blocks, born and freed round by
// round, for which the truth is known: they grow without end, or do not. The
// plain and the aged series come from the same births and deaths.
// Deterministic: the same seed makes the same blocks on every machine.
#ifndef HEAPLINE_TESTS_BENCH_TREND_POPULATIONS_H_
#define HEAPLINE_TESTS_BENCH_TREND_POPULATIONS_H_

#include <cstdint>
#include <vector>

#include "analyzer/analysis/trend_series.h"

namespace heapline {

enum class Truth { kDoesNotGrow, kGrows };

// A xorshift generator: the standard library's distributions differ.
class Random {
 public:
  explicit Random(uint64_t seed);

  double Uniform(double low, double high);
  int Whole(int low, int high);  // both included
  double LogUniform(double low, double high);
  int Poisson(double mean);
  int Geometric(double mean);  // >= 1; REQUIRES: mean > 1
  double Pareto(double exponent);
  double Normal();

 private:
  uint64_t Next();
  uint64_t state_;
};

constexpr int kNeverFreed = 1 << 30;

// Blocks of one key over some snapshots, one a round.
class Population {
 public:
  explicit Population(int snapshots)
      : snapshots_(snapshots), builder_(static_cast<size_t>(snapshots)) {}

  // `amount` blocks that snapshots birth .. death - 1 see; birth may be
  // negative.
  void Add(int birth, int death, double amount = 1);

  int snapshots() const { return snapshots_; }
  const Series& series() const { return builder_.series(); }

 private:
  int snapshots_;
  SeriesBuilder builder_;
};

struct PopulationKind {
  const char* name;
  Truth truth;
  void (*fill)(Population* population, Random* random);
};

const std::vector<PopulationKind>& PopulationKinds();

// The `index`-th series of a kind: the same whatever else is made.
Series MadeSeries(const PopulationKind& kind, int snapshots, uint64_t seed,
                  int index);

}  // namespace heapline

#endif  // HEAPLINE_TESTS_BENCH_TREND_POPULATIONS_H_
