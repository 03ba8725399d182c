// experiment.h: what the threshold of generation 0 costs and saves: the same
// work, many short-lived cycles beside objects that live on, under one
// threshold after another. Low: many short pauses; high: few and longer ones,
// and garbage waits meanwhile; 0: no pauses, and all garbage stays.
//
// Invariant: the current Runtime is left as it was found, but for what the
// collector's counters say.
#ifndef SAMPLES_RUNTIME_EXPERIMENT_H_
#define SAMPLES_RUNTIME_EXPERIMENT_H_

#include <cstdint>
#include <vector>

namespace runtime {

struct ThresholdPlan {
  std::vector<uint64_t> thresholds = {50, 200, 700, 2000, 10000, 0};
  uint64_t cycles = 100000;    // made and lost in each run, of two nodes
  uint64_t long_lived = 5000;  // nodes that live through all of it
};

struct ThresholdRow {
  uint64_t threshold = 0;
  uint64_t collections = 0;
  uint64_t max_pause_ns = 0;
  uint64_t median_pause_ns = 0;
  uint64_t total_ns = 0;    // of the whole work, pauses included
  uint64_t peak_bytes = 0;  // of the runtime's heap, above what it began with
};

// A row a threshold, in the plan's order. Collections and peaks are the same
// in every run; times are not.
std::vector<ThresholdRow> TryThresholds(const ThresholdPlan& plan);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_EXPERIMENT_H_
