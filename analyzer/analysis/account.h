// account.h: where a process's resident memory goes, from what a snapshot holds
// anyway: the mappings with their RSS, the live blocks, the threads, the
// memory that was searched for roots. The allocator was not asked.
//
// Invariant: the rows' bytes sum to rss_bytes, the RSS of all mappings; what no
// record explains is on a row of its own. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_ACCOUNT_H_
#define HEAPLINE_ANALYZER_ANALYSIS_ACCOUNT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/snapshot/snapshot.h"

namespace heapline {

enum class AccountKind {
  kLive,         // requested bytes of live blocks, as far as they are resident
  kAllocator,    // the rest of the mappings that hold blocks: free and slack
  kStacks,       // stacks of threads, with the TLS in the same mappings
  kFile,         // one row a file: its pages, .data and .bss
  kTracer,       // heapline's own memory and code
  kAnonymous,    // other anonymous memory of the program
  kUnexplained,  // anonymous memory that nothing in the snapshot tells of
};

struct AccountRow {
  AccountKind kind = AccountKind::kUnexplained;
  std::string key;  // the file's path, or words for the kind
  uint64_t bytes = 0;
};

struct Account {
  // Each kind but kFile has exactly one row, 0 bytes or not; then one row a
  // file, ascending by key.
  std::vector<AccountRow> rows;
  uint64_t rss_bytes = 0;
  uint64_t live_bytes = 0;         // requested, resident or not
  uint64_t absent_live_bytes = 0;  // of these, never touched or swapped out

  uint64_t BytesOf(AccountKind kind) const;
  uint64_t explained_bytes() const {
    return rss_bytes - BytesOf(AccountKind::kUnexplained);
  }
};

// Sums stay below kMaxTotal (sections.h), whatever the file says.
Account AccountOf(const Snapshot& snapshot);

// Adds another process's account, row by row.
void AddAccount(const Account& more, Account* sum);

// The allocator keeps more than half as much as is live.
bool IsFragmented(const Account& account);

// "live", "allocator", …: how machine formats call it.
const char* AccountKindName(AccountKind kind);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_ACCOUNT_H_
