// object_graph.h: a snapshot's blocks and the words that refer to them, as a
// graph that algorithms can run over. An object is a block or a pool's block;
// its number, a Vertex, is its place by ascending address.
//
//   roots()   ──┐ RootReference: a word outside of all blocks
//               ▼
//   objects  0 ─edge e─> 1   edges().target[e], Offset(e), Place(e)
//
// Weak references, those of an exact snapshot and those that rules find
// (edge_rules.h), are no edges: they stand in weak_edges() and weak_roots(), to
// be drawn.
//
// Invariant: edges of an object ascend by offset. About 14 bytes an object
// where there are no pools, 10 an edge; so memory is bounded by the file's
// size. The snapshot must outlive the graph. Reclassify is not thread-safe;
// all else is.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_OBJECT_GRAPH_H_
#define HEAPLINE_ANALYZER_ANALYSIS_OBJECT_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/analysis/digraph.h"
#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

class BlockFinder;

// How a word refers to its object.
enum class ReferenceClass : uint8_t {
  kExact,     // to its start, or where its kind of object is pointed to
  kInterior,  // somewhere into it: may be chance
  kWeak,      // keeps nothing alive
};

// Where in its object a reference points, in words from its start.
using Place = uint16_t;
inline constexpr Place kStart = 0;
inline constexpr Place kOnePastEnd = 65534;  // the end, of an object not empty
inline constexpr Place kOddPlace = 65535;    // unaligned, or further in

struct RootReference {
  uint64_t source = 0;  // address of the word; a register's DWARF number
  uint32_t owner = 0;   // tid, or 0
  Vertex object = 0;
  Place place = 0;
  uint8_t kind = 0;  // HL_ROOT_…
  ReferenceClass reference = ReferenceClass::kExact;
};

struct WeakEdge {
  Vertex from = 0;
  Vertex to = 0;
  uint64_t offset = 0;  // bytes
};

class ObjectGraph {
 public:
  // References from or to blocks that the snapshot does not hold, and those out
  // of order, are counted and left out.
  explicit ObjectGraph(const Snapshot& snapshot);
  ObjectGraph(ObjectGraph&&) = default;

  size_t size() const { return addresses_.size(); }
  uint64_t Address(Vertex v) const { return addresses_[v]; }
  uint64_t RequestedBytes(Vertex v) const {
    return ColumnsOf(v).requested_bytes[RowOf(v)];
  }
  // What it counts with: nothing for a container, whose pool's blocks count.
  uint64_t Bytes(Vertex v) const {
    return IsContainer(v) ? 0 : RequestedBytes(v);
  }
  bool IsContainer(Vertex v) const {
    return !is_container_.empty() && is_container_[v];
  }
  NodeId CallNode(Vertex v) const { return ColumnsOf(v).node[RowOf(v)]; }
  uint16_t Epoch(Vertex v) const { return ColumnsOf(v).epoch[RowOf(v)]; }
  // The object in which `address` lies, a pool's block before its container;
  // kNoVertex where there is none.
  Vertex ObjectAt(uint64_t address) const;

  Digraph edges() const { return {begin_, target_}; }
  // Of an edge by its index into edges().target:
  uint64_t Offset(uint32_t edge) const {
    return uint64_t{offset_words_[edge] >> 1} * 8;
  }
  bool IsInterior(uint32_t edge) const { return offset_words_[edge] & 1; }
  Place PlaceOf(uint32_t edge) const { return place_[edge]; }
  size_t interior_edge_count() const { return interior_edge_count_; }

  const std::vector<RootReference>& roots() const { return roots_; }
  // Edges by ascending from, then offset.
  const std::vector<WeakEdge>& weak_edges() const { return weak_edges_; }
  const std::vector<RootReference>& weak_roots() const { return weak_roots_; }

  uint64_t dropped_edges() const { return dropped_edges_; }
  uint64_t dropped_roots() const { return dropped_roots_; }
  const Snapshot& snapshot() const { return *snapshot_; }

  // A reference as rules see it. `from` is kNoVertex for a root's.
  struct Reference {
    Vertex from = kNoVertex;
    Vertex to = 0;
    uint64_t offset = 0;
    Place place = 0;
    ReferenceClass now = ReferenceClass::kExact;
  };
  // Asks for the class of every reference that is not weak yet; those found
  // weak become weak_edges() and weak_roots(), and edges are renumbered.
  void Reclassify(absl::FunctionRef<ReferenceClass(const Reference&)> class_of);
  // Roots of these kinds (bits 1 << HL_ROOT_…) hold nothing from now on: they
  // become weak.
  void IgnoreRoots(unsigned kinds);

 private:
  // Objects of a snapshot with pools are rows of two tables.
  static constexpr uint32_t kPoolBit = 1u << 31;
  bool IsPoolBlock(Vertex v) const {
    return !row_.empty() && (row_[v] & kPoolBit) != 0;
  }
  size_t RowOf(Vertex v) const {
    return row_.empty() ? v : row_[v] & ~kPoolBit;
  }
  const BlockColumns& ColumnsOf(Vertex v) const {
    return IsPoolBlock(v) ? snapshot_->pool_blocks : snapshot_->blocks;
  }
  void MergePools();
  // Calls visit(from, to, edge) for each edge between objects, by ascending
  // from, then offset; returns how many others there are, and of those that
  // visit refused.
  uint64_t VisitEdges(
      const std::vector<EdgeSection>& sections, const BlockFinder& finder,
      absl::FunctionRef<bool(Vertex, Vertex, const Edge&)> visit) const;
  void AddEdges(const BlockFinder& finder);
  void AddRoots(const BlockFinder& finder);
  Place PlaceAt(Vertex to, uint64_t bytes) const;
  ReferenceClass ClassAt(Vertex to, Place place) const;

  const Snapshot* snapshot_;
  absl::Span<const uint64_t> addresses_;    // by Vertex
  std::vector<uint64_t> merged_addresses_;  // these three: with pools only
  std::vector<uint32_t> row_;
  std::vector<bool> is_container_;

  BigVector<uint32_t> begin_;
  BigVector<Vertex> target_;
  BigVector<uint32_t> offset_words_;  // offset / 8 << 1 | is interior
  BigVector<Place> place_;
  size_t interior_edge_count_ = 0;
  std::vector<RootReference> roots_;
  std::vector<WeakEdge> weak_edges_;
  std::vector<RootReference> weak_roots_;
  uint64_t dropped_edges_ = 0;
  uint64_t dropped_roots_ = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_OBJECT_GRAPH_H_
