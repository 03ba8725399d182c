// Expect: global_append.cc:20 blocks=2000 bytes=512000
// Fixed: blocks=100 bytes=25600
//
// A global history that is only ever appended to. Nothing is unreachable: a
// leak checker is content, the process grows. The fix keeps the last hundred.
#include <cstdlib>
#include <deque>
#include <memory>

#include "keep.h"

struct Event {
  int number;
  char text[252];
};

static std::deque<std::unique_ptr<Event>> history;

static void Record(int number) {
  std::unique_ptr<Event> event(new Event());  // the line to be named
  event->number = number;
  Keep(event.get());
  history.push_back(std::move(event));
#ifdef FIXED
  if (history.size() > 100) history.pop_front();
#endif
}

int main() {
  for (int number = 0; number < 2000; ++number) Record(number);
  std::quick_exit(0);  // as a service ends: the history is live
}
