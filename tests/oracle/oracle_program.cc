// The program whose snapshots are checked: threads that use the whole malloc
// family and publish what they do (oracle_state.h), and a main thread that cuts
// snapshots: before the threads begin, then in each round one while they work
// and one while they pause. At each pause it waits for the checker. It ends
// with all threads still there, so that the snapshot at exit is exact too.
//
//   oracle_program STATE-FILE THREADS OPERATIONS-A-ROUND SEED [no-pvalloc]
//
// The main thread allocates nothing after the first snapshot. The cut under
// load is asked for by SIGUSR2 (option signal=USR2), which returns as soon as
// the file is being written; the one at a pause by the C API.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "heapline/heapline.h"
#include "tests/oracle/operations.h"
#include "tests/oracle/oracle_state.h"

namespace heapline::oracle {
namespace {

OracleState* state;
uint64_t seed;
uint32_t page_makes = kAllPageMakes;
pthread_barrier_t arrived;   // all workers and the main thread
pthread_barrier_t released;  // likewise
std::atomic<bool> pause_is_asked;
std::atomic<bool> window_is_open;

[[noreturn]] void Fail(const char* what) {
  perror(what);
  _exit(3);
}

void SleepBriefly() { usleep(1000); }

// Names without digits: the tracer writes those as #.
void NameThread(ThreadJournal* journal) {
  snprintf(journal->name, sizeof journal->name, "worker-%c%c",
           'a' + journal->index / 26, 'a' + journal->index % 26);
  pthread_setname_np(pthread_self(), journal->name);
}

// The ring must hold all since the window began.
bool MustPause(const ThreadJournal& journal) {
  if (pause_is_asked.load(std::memory_order_relaxed)) return true;
  return window_is_open.load(std::memory_order_acquire) &&
         journal.done.load(std::memory_order_relaxed) - journal.window_begin >
             kRing / 2;
}

void* Work(void* argument) {
  ThreadJournal* journal = static_cast<ThreadJournal*>(argument);
  NameThread(journal);
  const uint32_t before =
      (journal->index + state->threads - 1) % state->threads;
  Operator work(journal, &state->journals[before].outgoing,
                (seed + journal->index) * 0x9e3779b97f4a7c15, page_makes);
  for (;;) {
    pthread_barrier_wait(&arrived);
    pthread_barrier_wait(&released);
    while (!MustPause(*journal)) work.Next();
  }
  return nullptr;
}

uint64_t OperationsDone() {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < state->threads; ++i) {
    sum += state->journals[i].done.load(std::memory_order_relaxed);
  }
  return sum;
}

void CutUnderLoad() {
  for (uint32_t i = 0; i < state->threads; ++i) {
    ThreadJournal& journal = state->journals[i];
    journal.window_begin = journal.done.load(std::memory_order_acquire);
  }
  window_is_open.store(true, std::memory_order_release);
  raise(SIGUSR2);
  for (uint32_t i = 0; i < state->threads; ++i) {
    ThreadJournal& journal = state->journals[i];
    journal.window_end = journal.intent.load(std::memory_order_acquire);
  }
  // On they go while the file is being written.
  SleepBriefly();
}

// All workers pause from here on; returns when the checker has seen enough.
void PauseForChecker() {
  pause_is_asked.store(true, std::memory_order_relaxed);
  pthread_barrier_wait(&arrived);
  window_is_open.store(false, std::memory_order_relaxed);
  pause_is_asked.store(false, std::memory_order_relaxed);
  heapline_snapshot("pause");
  const uint32_t pause = state->pauses.fetch_add(1) + 1;
  while (state->resumes.load(std::memory_order_acquire) < pause) {
    SleepBriefly();
  }
}

void MapState(const char* path, uint32_t threads) {
  const int file = open(path, O_RDWR);
  if (file < 0 || ftruncate(file, StateBytes(threads)) != 0) Fail(path);
  void* memory = mmap(nullptr, StateBytes(threads), PROT_READ | PROT_WRITE,
                      MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) Fail(path);
  close(file);
  state = static_cast<OracleState*>(memory);
  state->threads = threads;
  state->magic = kMagic;
}

void StartThreads() {
  pthread_barrier_init(&arrived, nullptr, state->threads + 1);
  pthread_barrier_init(&released, nullptr, state->threads + 1);
  for (uint32_t i = 0; i < state->threads; ++i) {
    state->journals[i].index = i;
    pthread_t thread;
    if (pthread_create(&thread, nullptr, Work, &state->journals[i]) != 0) {
      Fail("pthread_create");
    }
  }
}

int Run(uint64_t operations_a_round) {
  StartThreads();
  for (uint64_t round = 1;; ++round) {
    PauseForChecker();
    if (state->must_end.load() != 0) return 0;
    pthread_barrier_wait(&released);
    while (OperationsDone() < round * operations_a_round) SleepBriefly();
    CutUnderLoad();
  }
}

}  // namespace
}  // namespace heapline::oracle

int main(int argc, char** argv) {
  using namespace heapline::oracle;
  if (argc < 5) return 2;
  const uint32_t threads = static_cast<uint32_t>(atoi(argv[2]));
  if (threads < 1 || threads > kMaxThreads) return 2;
  MapState(argv[1], threads);
  seed = strtoull(argv[4], nullptr, 10);
  if (argc > 5) page_makes = kAllPageMakes - 1;
  return Run(strtoull(argv[3], nullptr, 10));
}
