#include "analyzer/analysis/trend_series.h"

#include <algorithm>

namespace heapline {

std::vector<size_t> AgesToCount(size_t snapshots) {
  return {1, std::max<size_t>(2, snapshots / 4)};
}

SeriesBuilder::SeriesBuilder(size_t snapshots) : ages_(AgesToCount(snapshots)) {
  series_.values.resize(snapshots);
  for (const size_t age : ages_) {
    series_.aged.emplace_back(snapshots - std::min(snapshots, age));
  }
}

void SeriesBuilder::Add(size_t snapshot, size_t first_seen, double amount) {
  series_.values[snapshot] += amount;
  for (size_t i = 0; i < ages_.size(); ++i) {
    if (snapshot >= first_seen + ages_[i]) {
      series_.aged[i][snapshot - ages_[i]] += amount;
    }
  }
}

}  // namespace heapline
