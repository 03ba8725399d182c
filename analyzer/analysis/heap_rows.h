// heap_rows.h: the rows of every heap report: what each key holds now and held
// before, with its heaviest call stack.
//
// Invariant: without --cumulative the rows' amounts sum to HeapRows::total,
// column by column. Pure functions over their arguments.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_HEAP_ROWS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_HEAP_ROWS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "analyzer/analysis/amounts.h"
#include "analyzer/analysis/call_stacks.h"
#include "analyzer/analysis/filter.h"
#include "analyzer/analysis/grouping.h"
#include "analyzer/analysis/object_types.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// One heap as amounts by symbolized stack; index = StackId, may be shorter
// than the table of stacks (the rest is zero).
struct HeapByStack {
  std::vector<Amounts> by_stack;
  // Of objects whose type is known, by stack and type: not in by_stack, too.
  // Empty but after AddSnapshotByType.
  absl::btree_map<std::pair<StackId, std::string>, Amounts> by_type;
  uint64_t sample_mean_bytes = 0;  // the greatest; 0: exact

  // Adds all of another, of the same table of stacks.
  void Add(const HeapByStack& other);
};

inline constexpr absl::string_view kUnaccountedKey = "<unaccounted>";

// Adds what `snapshot` holds to `heap` (several: merged over processes). Bytes
// that the tracer counted but the file does not hold are on the stack
// kUnaccountedKey. The result is each node's stack, kEmptyStack for nodes that
// hold and held nothing.
std::vector<StackId> AddSnapshot(const Snapshot& snapshot, CallStacks* stacks,
                                 HeapByStack* heap);

// The same, with the live objects of a known type apart. What was ever
// allocated is known by stack alone: it goes with the type, or with those of
// none, that has most of the stack's live bytes. `types` are those of `graph`,
// which is that of `snapshot`.
std::vector<StackId> AddSnapshotByType(const Snapshot& snapshot,
                                       const ObjectGraph& graph,
                                       const ObjectTypes& types,
                                       CallStacks* stacks, HeapByStack* heap);

enum class Counting { kExclusive, kCumulative };
enum class SortBy { kBytes, kCount, kTotal, kTemporary };

struct HeapRowOptions {
  Key key = Key::kLine;
  Attribution attribution = Attribution::kSite;
  Counting counting = Counting::kExclusive;
  SortBy sort = SortBy::kBytes;
  FilterGlobs filter;
};

struct HeapRow {
  KeyId id{};         // of the grouping that made the rows
  KeyText key;        // empty for Key::kStack: StackText(key_stack)
  StackId key_stack;  // for Key::kStack only
  Amounts newer;
  Amounts growth;          // newer - older
  StackId heaviest_stack;  // of most live bytes; in a growth, of most growth
};

struct HeapRows {
  std::vector<HeapRow> rows;  // sorted; ties by key
  Amounts newer;              // total of what the filter let through
  Amounts growth;
  Amounts filtered_out;  // of the newer heap
  // By StackId and by type: index into rows, or kNoRow for what is on none or,
  // with --cumulative, on several. May be shorter than the table of stacks.
  static constexpr uint32_t kNoRow = UINT32_MAX;
  std::vector<uint32_t> row_of_stack;
  absl::flat_hash_map<std::pair<StackId, std::string>, uint32_t> row_of_type;

  // The row of a stack's blocks; `type` is "" where it is not known.
  uint32_t RowOf(StackId stack, const std::string& type) const;
};

// The number that rows are ranked by.
int64_t SortValue(const Amounts& amounts, SortBy sort);

// Rows by what is live (growth is then all of it): heaviest first.
HeapRows RowsByKey(const HeapByStack& heap, CallStacks* stacks,
                   const HeapRowOptions& options);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_HEAP_ROWS_H_
