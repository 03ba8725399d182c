// Expect: thread_local_pool.cc:24 blocks=160 bytes=163840
// Fixed: blocks=0 bytes=0
//
// Each thread fills a pool of its own and ends: the pool's raw pointers die
// with the thread's storage, what they point to does not. The fix gives the
// pool a destructor, which runs at the end of the thread.
#include <thread>

#include "keep.h"

struct Pool {
  char* buffers[16];
#ifdef FIXED
  ~Pool() {
    for (char* buffer : buffers) delete[] buffer;
  }
#endif
};

static thread_local Pool pool;

static void Work() {
  for (char*& buffer : pool.buffers) {
    buffer = new char[1024];  // the line to be named
    Keep(buffer);
  }
}

int main() {
  for (int round = 0; round < 10; ++round) {
    std::thread worker(Work);
    worker.join();
  }
  return 0;
}
