// The program of the kill tests: threads that allocate and free all the time
// beside a heap of BLOCKS blocks, and a main thread that cuts a snapshot for
// each line it reads: by the C API, which answers `0` or `-1`. Reading `q` or
// the end of its input it says `end` and ends by returning from main.
//
//   kill_program BLOCKS THREADS
//
// The answer is written only after the threads are known to go on: a program
// that its tracer had stopped would not answer.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "heapline/heapline.h"

namespace {

constexpr int kMaxThreads = 64;
std::atomic<uint64_t> steps[kMaxThreads];

void* Work(void* argument) {
  std::atomic<uint64_t>& step = *static_cast<std::atomic<uint64_t>*>(argument);
  void* held[64] = {};
  for (uint64_t i = 0;; ++i) {
    void*& block = held[i * 7 % 64];
    free(block);
    block = malloc(16 + i % 2000);
    step.store(i, std::memory_order_relaxed);
  }
  return nullptr;
}

// Until each thread has gone on by some operations.
void AwaitProgress(int threads) {
  for (int i = 0; i < threads; ++i) {
    const uint64_t from = steps[i];
    while (steps[i] < from + 10) usleep(100);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int blocks = atoi(argv[1]);
  const int threads = atoi(argv[2]);
  if (threads > kMaxThreads) return 2;
  for (int i = 0; i < blocks; ++i) {
    void* volatile kept = malloc(16 + i % 100);
    static_cast<void>(kept);
  }
  for (int i = 0; i < threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, Work, &steps[i]) != 0) return 3;
  }
  char line[64];
  while (fgets(line, sizeof line, stdin) != nullptr && line[0] != 'q') {
    const int result = heapline_snapshot("asked");
    AwaitProgress(threads);
    printf("%d\n", result);
    fflush(stdout);
  }
  puts("end");
  return 0;
}
