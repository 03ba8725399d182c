// trend_series.h: one key's amounts over a series of snapshots, as trend.h asks
// for them: what was live at each, and how much of that was no longer young.
// A SeriesBuilder is not thread-safe.
//
//   amount | live          _/\_/\__/\/\_   short-lived noise and a leak
//          | live and aged ____----^^^^    the leak alone
#ifndef HEAPLINE_ANALYZER_ANALYSIS_TREND_SERIES_H_
#define HEAPLINE_ANALYZER_ANALYSIS_TREND_SERIES_H_

#include <cstddef>
#include <vector>

namespace heapline {

// In bytes or in blocks, oldest snapshot first. All finite, below 2^62.
struct Series {
  std::vector<double> values;  // live at each snapshot
  // aged[i] is, of these, what could be seen AgesToCount(values.size())[i]
  // snapshots earlier. Its last element belongs to the last snapshot, and it is
  // as many elements shorter than `values` as the age is: the first snapshots
  // have none to compare with. Empty where epochs are not known.
  std::vector<std::vector<double>> aged;
};

// How many snapshots old a block must be to stand in aged[i]: one, which most
// temporary blocks are not, and a quarter of the series, which whole sessions
// and phases are not; but 2 at least.
std::vector<size_t> AgesToCount(size_t snapshots);

class SeriesBuilder {
 public:
  explicit SeriesBuilder(size_t snapshots);

  // Adds blocks that are live at `snapshot`. `first_seen` is the first snapshot
  // after their birth, which their epoch tells: 0 for what was born before the
  // series. REQUIRES: first_seen <= snapshot < the number of snapshots.
  void Add(size_t snapshot, size_t first_seen, double amount);

  const Series& series() const { return series_; }

 private:
  std::vector<size_t> ages_;
  Series series_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_TREND_SERIES_H_
