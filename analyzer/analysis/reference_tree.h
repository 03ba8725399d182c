// reference_tree.h: an object graph folded into a tree of rows that a person
// can read, from the roots down or from an object up to its roots.
//
//   global g_cache            9.8 MiB in 20 001 blocks
//     +0x10 Table             9.8 MiB in 20 000 blocks
//       10 000 x Entry        9.7 MiB in 20 000 blocks     one row
//         10 000 x text       3.1 MiB in 10 000 blocks
//
// Down, an object stands below what dominates it, so it is on one row only and
// what a row retains is the sum of what it is and of the rows below. Objects of
// one name below one row are one row, and so are chains of them: a list is a
// row, however long.
//
// Rows are taken by what they retain (up: by their distance, then by how many
// references they hold) until there are enough; what is left out below a row is
// a row of its own kind, kRest.
//
// Invariant: down, the shallow bytes of all rows sum to what the first retains.
// Memory while it runs: 30 bytes an object and some 200 a name below a row;
// no recursion. Pure functions.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_REFERENCE_TREE_H_
#define HEAPLINE_ANALYZER_ANALYSIS_REFERENCE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/retention.h"

namespace heapline {

struct TreeRow {
  enum class Kind : uint8_t {
    kHolder,   // a group of roots, what is leaked, or (the first) everything
    kShared,   // held by several roots
    kObjects,  // of one name, or what the tree begins with
    kRest,     // what is left out below the row above
  };
  // How the row above refers to this one (up: this one to the row above).
  enum class Reference : uint8_t {
    kNone,     // not by itself: through several that it holds, or no object
    kAt,       // every one by the word at `offset`
    kSeveral,  // by words at several offsets
  };
  static constexpr uint32_t kNoParent = UINT32_MAX;

  Kind kind = Kind::kHolder;
  Reference reference = Reference::kNone;
  uint32_t parent = kNoParent;  // index of a row before this one
  uint32_t depth = 0;
  Vertex vertex = 0;  // kHolder: of the retention; kObjects: that of which
                      // most would go with it
  uint32_t name = 0;  // of kObjects: as name_of gave it
  uint64_t offset = 0;
  Vertex referrer = 0;   // of kAt: an object that refers so
  uint64_t references = 0;  // up: words of the row that refer to the one above
  uint64_t count = 0;       // objects, containers not counted
  uint64_t shallow_bytes = 0;
  ObjectAmount retained;
  uint64_t hidden_rows = 0;  // of kRest: rows left out next to the others; 0
                             // where nothing below the row above is shown
};

struct TreeLimits {
  size_t rows = 0;     // kRest not counted; REQUIRES: > 0
  uint32_t depth = 0;  // rows deeper than this are left out
};

using NameOfObject = absl::FunctionRef<uint32_t(Vertex)>;

// Name of a first row that is not folded with what is named like it.
inline constexpr uint32_t kNoName = UINT32_MAX;

// Down from a vertex of the retention: its root, or a group.
std::vector<TreeRow> TreeFromHolder(const ObjectGraph& graph,
                                    const Retention& retention, Vertex holder,
                                    NameOfObject name_of, TreeLimits limits);
// Down from objects, as one row that is called `name`. REQUIRES: some.
std::vector<TreeRow> TreeFromObjects(const ObjectGraph& graph,
                                     const Retention& retention,
                                     absl::Span<const Vertex> objects,
                                     uint32_t name, NameOfObject name_of,
                                     TreeLimits limits);

// Up from objects: what refers to them, down to the groups of roots; each
// object once, where it is nearest. kHolder rows are groups. `leads` (by
// Vertex, may be empty: all) says which objects may stand in the tree; `groups`
// (may be empty: all) which groups of roots.
std::vector<TreeRow> TreeToObjects(
    const ObjectGraph& graph, const Retention& retention,
    absl::Span<const uint32_t> group_of_root, absl::Span<const Vertex> objects,
    uint32_t name, absl::Span<const uint8_t> leads,
    absl::Span<const uint32_t> groups, NameOfObject name_of, TreeLimits limits);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_REFERENCE_TREE_H_
