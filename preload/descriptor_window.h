// descriptor_window.h: keeps forks apart from the moments in which the tracer
// holds a descriptor open: a forked copy would have it for good. Who opens one
// does it within a window; fork() waits until no other thread's window is
// open, and until it is over none is opened. A raw clone does not wait. Both
// sides give up after a bounded time rather than hang. Thread-safe;
// async-signal-safe; REQUIRES in a window: no call that may fork.
#ifndef HEAPLINE_PRELOAD_DESCRIPTOR_WINDOW_H_
#define HEAPLINE_PRELOAD_DESCRIPTOR_WINDOW_H_

#include <stdint.h>

namespace heapline {

// Windows do not nest.
class DescriptorWindow {
 public:
  DescriptorWindow();
  ~DescriptorWindow();
  DescriptorWindow(const DescriptorWindow&) = delete;
  DescriptorWindow& operator=(const DescriptorWindow&) = delete;

 private:
  int32_t* place_;  // among the open ones; NULL: there was no room
};

// Around fork(), by its handlers.
void CloseWindowsBeforeFork();
void AllowWindowsAfterFork();
// In any forked copy: the windows are the parent's.
void ForgetDescriptorWindows();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_DESCRIPTOR_WINDOW_H_
