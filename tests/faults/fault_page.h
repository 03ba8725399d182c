// fault_page.h: one page of memory shared by the runner and every process of a
// faulted run: the orders (which call fails, how, when) and what became of
// them. The runner (fault_page.py) fills in the orders before the program
// starts; the layer counts. All words are written atomically; a row belongs to
// its process.
#ifndef HEAPLINE_TESTS_FAULTS_FAULT_PAGE_H_
#define HEAPLINE_TESTS_FAULTS_FAULT_PAGE_H_

#include <stdint.h>

namespace heapline {

constexpr uint64_t kFaultPageMagic = 0x464c5450;
constexpr uint32_t kMostCalls = 512;     // system call numbers
constexpr uint32_t kMostProcesses = 32;  // rows; a power of two
constexpr uint32_t kMostOrders = 4;
constexpr int32_t kShortTransfer = 1;  // in FaultOrder::error

// Which processes of the run a fault is for.
enum FaultScope : uint32_t {
  kScopeProgram = 0,  // the program's own process, and its children
  kScopeWriter = 1    // the tracer's child that writes a snapshot
};

// What a traced process has come to, as of its latest system call.
struct FaultedProcess {
  int32_t pid;  // 0: a free row
  uint32_t mode;
  uint64_t lost_snapshots;
};

struct FaultOrder {
  int32_t number;     // of the call that fails; -1: none
  int32_t error;      // -errno, or kShortTransfer
  uint32_t scope;     // FaultScope
  uint32_t for_ever;  // from the n-th on; else the n-th alone
  uint64_t nth;       // counted from 1, within the scope
  uint64_t hits;      // faults given
};

struct FaultPage {
  uint64_t magic;
  FaultOrder orders[kMostOrders];  // the first that is due is given
  uint64_t calls[2][kMostCalls];
  FaultedProcess processes[kMostProcesses];
};

}  // namespace heapline

#endif  // HEAPLINE_TESTS_FAULTS_FAULT_PAGE_H_
