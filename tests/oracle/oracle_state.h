// oracle_state.h: what the oracle's program publishes of itself, in a file that
// the program and its checker both map: every live block it believes it has,
// and per thread a ring of its last operations with what each took and gave.
//
// A snapshot cut at any instant can be checked afterwards: the program is
// paused, and from the blocks it holds then the operations that came after the
// cut are taken back, thread by thread. How far back, the snapshot says itself:
// its allocations by thread are each thread's position.
//
// Invariant: intent counts operations begun, done those ended; done <= intent
// <= done + 1; record i of a thread stands at ring[i % kRing] until operation
// i + kRing begins. One writer a thread; the checker reads while all pause.
#ifndef HEAPLINE_TESTS_ORACLE_ORACLE_STATE_H_
#define HEAPLINE_TESTS_ORACLE_ORACLE_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace heapline::oracle {

inline constexpr uint64_t kMagic = 0x31656c6361726f;  // "oracle1"
inline constexpr uint32_t kMaxThreads = 64;
inline constexpr uint32_t kRing = 1u << 17;   // operations remembered a thread
inline constexpr uint32_t kSlots = 2048;      // blocks a thread may hold
inline constexpr uint32_t kQueue = 64;        // blocks on the way to another
inline constexpr uint32_t kMaxRounds = 4096;  // pauses

// How a block must be given back.
enum class Family : uint32_t {
  kMalloc,
  kNew,
  kNewArray,
  kNewAligned,       // by kNewAlignment
  kNewArrayAligned,  // likewise
};

struct Block {
  uint64_t address;  // 0: none
  uint64_t bytes;
  Family family;
  uint32_t owner;  // the thread that allocated it, by its index
};

// One operation: it gave back `old` (address 0: nothing) and took `fresh`
// (likewise). Both: a realloc. Neither: one that had to fail.
struct Record {
  uint64_t old_address;
  uint64_t old_bytes;
  uint64_t new_address;
  uint64_t new_bytes;
  uint32_t old_owner;
};

// From one thread to the next one, which frees or reallocates what comes.
struct Queue {
  std::atomic<uint32_t> pushed;
  std::atomic<uint32_t> popped;
  Block blocks[kQueue];
};

struct ThreadJournal {
  alignas(64) std::atomic<uint64_t> intent;
  std::atomic<uint64_t> done;
  uint64_t allocations;      // by operations done
  uint64_t allocated_bytes;  // likewise
  uint64_t window_begin;     // `done` just before the cut under load
  uint64_t window_end;       // `intent` just after it
  uint32_t index;
  char name[16];  // without digits: a snapshot's threads are told by name
  Block slots[kSlots];
  Queue outgoing;
  Record ring[kRing];
};

// What the program is waiting for, and for whom.
struct OracleState {
  uint64_t magic;
  uint32_t threads;
  std::atomic<uint32_t> pauses;   // pauses that the program has come to
  std::atomic<uint32_t> resumes;  // pauses that the checker has ended
  std::atomic<uint32_t> must_end;
  ThreadJournal journals[kMaxThreads];
};

// Bytes of the file for so many threads.
constexpr size_t StateBytes(uint32_t threads) {
  return offsetof(OracleState, journals) + threads * sizeof(ThreadJournal);
}

}  // namespace heapline::oracle

#endif  // HEAPLINE_TESTS_ORACLE_ORACLE_STATE_H_
