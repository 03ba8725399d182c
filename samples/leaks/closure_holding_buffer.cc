// Expect: closure_holding_buffer.cc:21 blocks=100 bytes=6555200
// Fixed: blocks=0 bytes=0
//
// A callback that needs one number captures the whole buffer, and so keeps 64
// KiB alive for as long as it waits in the queue. The fix captures the number.
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include "keep.h"

struct Buffer {
  int used;
  char bytes[65532];
};

static std::vector<std::function<int()>> queue;

static void Upload(int number) {
  auto buffer = std::make_shared<Buffer>();  // the line to be named
  buffer->used = number;
  Keep(buffer.get());
#ifdef FIXED
  queue.push_back([used = buffer->used] { return used; });
#else
  queue.push_back([buffer] { return buffer->used; });
#endif
}

int main() {
  for (int number = 0; number < 100; ++number) Upload(number);
  std::quick_exit(0);  // callbacks are still waiting
}
