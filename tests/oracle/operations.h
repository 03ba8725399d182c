// operations.h: the oracle's operations on the heap: every function of the
// malloc family in turn, by a random sequence that a seed fixes. Each operation
// is published before and after (oracle_state.h), and what a block holds is
// looked at before it goes: its first word must be what was put there.
//
// Invariant: between two operations that only free there is one that allocates,
// so that the count of allocations tells a thread's position up to one free.
// One Operator a thread, used by it alone; the journals belong to the program.
#ifndef HEAPLINE_TESTS_ORACLE_OPERATIONS_H_
#define HEAPLINE_TESTS_ORACLE_OPERATIONS_H_

#include <cstdint>

#include "tests/oracle/oracle_state.h"

namespace heapline::oracle {

inline constexpr uint64_t kNewAlignment = 64;

// Of valloc and pvalloc, the latter last: an allocator that is preloaded may
// lack it, and libc's own would give out blocks that it cannot take back.
inline constexpr uint32_t kAllPageMakes = 2;

class Operator {
 public:
  // Blocks come in from `incoming`, the outgoing queue of another thread.
  Operator(ThreadJournal* journal, Queue* incoming, uint64_t seed,
           uint32_t page_makes)
      : journal_(*journal),
        incoming_(*incoming),
        random_(seed | 1),
        page_makes_(page_makes) {}

  // One operation, published.
  void Next();

 private:
  uint64_t Random();
  uint64_t RandomBytes();
  void Allocate(Block* slot);
  void Free(Block block);
  // `slot` is where the block was, or a free one.
  void Reallocate(Block block, Block* slot);
  void FailOn(Block* slot);
  bool Give(Block* slot);
  bool Take(Block* taken);
  // Around each call into the allocator.
  void Intend(const Block& old);
  void Done(const Block& old, const Block& fresh);

  ThreadJournal& journal_;
  Queue& incoming_;
  uint64_t random_;
  const uint32_t page_makes_;
  bool may_free_ = false;
};

}  // namespace heapline::oracle

#endif  // HEAPLINE_TESTS_ORACLE_OPERATIONS_H_
