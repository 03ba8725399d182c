// experiment.h: what the threshold of generation 0 costs and saves: the same
// work under one threshold after another, nodes that hold themselves and are
// lost at once, beside the first, which live on. Low: many short pauses; high:
// few and longer ones, and garbage waits meanwhile; 0: no pauses, and all
// garbage stays.
//
// A cycle of one node is never caught half made. Of two, the first would live
// while a collection makes room for the second, and move to an older generation
// as garbage: lower thresholds would keep more.
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
  uint64_t cycles = 200000;    // made in each run
  uint64_t long_lived = 4000;  // the first of them; the others are lost at once
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
