// progress.h: one line on stderr for work that takes longer than a second, and
// only where stderr is a terminal; gone when the work is done. Where it is
// none, nothing is ever written.
//
// Not thread-safe. The label must outlive the object.
#ifndef HEAPLINE_ANALYZER_BASE_PROGRESS_H_
#define HEAPLINE_ANALYZER_BASE_PROGRESS_H_

#include <chrono>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace heapline {

class Progress {
 public:
  // "reading snapshots" and the number of steps in all, 0 where unknown.
  Progress(absl::string_view label, uint64_t steps);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // Says that `done` steps are done. Cheap: call as often as you like.
  void Show(uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  const absl::string_view label_;
  const uint64_t steps_;
  const bool is_terminal_;
  bool is_shown_ = false;
  Clock::time_point next_;  // when the line is written again
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_PROGRESS_H_
