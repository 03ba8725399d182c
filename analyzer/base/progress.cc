#include "analyzer/base/progress.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_format.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

constexpr std::chrono::milliseconds kQuietTime(1000);
constexpr std::chrono::milliseconds kInterval(200);
// Back to the line's start, and clears it.
constexpr char kClearLine[] = "\r\x1b[K";

}  // namespace

Progress::Progress(absl::string_view label, uint64_t steps)
    : label_(label),
      steps_(steps),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + kQuietTime) {}

Progress::~Progress() {
  if (is_shown_) std::fputs(kClearLine, stderr);
}

void Progress::Show(uint64_t done) {
  if (!is_terminal_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  is_shown_ = true;
  const std::string amount =
      steps_ == 0
          ? HumanCount(done)
          : absl::StrFormat("%d %%", done < steps_ ? done * 100 / steps_ : 100);
  absl::FPrintF(stderr, "%s%s: %s", kClearLine, label_, amount);
  std::fflush(stderr);
}

}  // namespace heapline
