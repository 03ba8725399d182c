// graph_fixture.h: a snapshot's object graph in words, for tests:
//
//   GraphBuilder heap;
//   Vertex head = heap.Block(64), node = heap.Block(32);
//   heap.Edge(head, 8, node);
//   heap.Root(HL_ROOT_GLOBAL, head);
//
// and random ones with a matrix beside them, for what is computed to be
// compared with what is obvious. Blocks are numbered as they are made, which is
// by address; every block has room for the edges it is given.
// Not thread-safe.
#ifndef HEAPLINE_TESTS_UNIT_GRAPH_FIXTURE_H_
#define HEAPLINE_TESTS_UNIT_GRAPH_FIXTURE_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "analyzer/analysis/components.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/reachability.h"
#include "analyzer/analysis/retention.h"
#include "analyzer/snapshot/snapshot.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {

// Edges in the order they are put, as one section.
class EdgeEncoder {
 public:
  void Put(uint64_t from, uint64_t offset, uint64_t to, uint64_t place) {
    const bool is_next = is_first_ || from != from_;
    unsigned char bytes[4 * kVarintBytes];
    unsigned char* out = bytes;
    const uint64_t words = (offset - (is_next ? 0 : offset_)) / 8;
    out = PutVarint(out,
                    words << 2 | (is_next ? 2u : 0u) | (place != 0 ? 1u : 0u));
    if (is_next) out = PutVarint(out, (from - from_) >> 4);
    out = PutZigzag(
        out, static_cast<int64_t>(to >> 4) - static_cast<int64_t>(to_ >> 4));
    if (place != 0) out = PutVarint(out, place);
    section_.bytes.append(reinterpret_cast<const char*>(bytes),
                          static_cast<size_t>(out - bytes));
    ++section_.record_count;
    is_first_ = false;
    from_ = from;
    offset_ = offset;
    to_ = to;
  }
  const EdgeSection& section() const { return section_; }

 private:
  EdgeSection section_;
  bool is_first_ = true;
  uint64_t from_ = 0, offset_ = 0, to_ = 0;
};

class GraphBuilder {
 public:
  GraphBuilder() {
    snapshot_.nodes.address.push_back(0);
    snapshot_.nodes.parent.push_back(NodeId{0});
    snapshot_.nodes.kind.push_back(HL_NODE_SPECIAL);
    snapshot_.nodes.generation.push_back(0);
  }

  Vertex Block(uint64_t bytes) { return BlockAt(next_address_, bytes); }
  // REQUIRES: behind all others.
  Vertex BlockAt(uint64_t address, uint64_t bytes) {
    AddTo(&snapshot_.blocks, address, bytes);
    next_address_ = (address + bytes + 31) / 16 * 16;
    return static_cast<Vertex>(snapshot_.blocks.size() - 1);
  }
  void PoolBlockAt(uint64_t address, uint64_t bytes) {
    AddTo(&snapshot_.pool_blocks, address, bytes);
  }
  uint64_t AddressOf(Vertex v) const { return snapshot_.blocks.address[v]; }

  // REQUIRES: by ascending from, then offset.
  void Edge(Vertex from, uint64_t offset, Vertex to, uint64_t place = 0) {
    edges_.Put(AddressOf(from), offset, AddressOf(to), place);
  }
  void EdgeBetween(uint64_t from, uint64_t offset, uint64_t to,
                   uint64_t place = 0) {
    edges_.Put(from, offset, to, place);
  }
  void Root(uint8_t kind, Vertex to, uint64_t place = 0, uint32_t owner = 0) {
    RootTo(kind, AddressOf(to), place, owner);
  }
  void RootTo(uint8_t kind, uint64_t block, uint64_t place = 0,
              uint32_t owner = 0) {
    snapshot_.roots.kind.push_back(kind);
    snapshot_.roots.owner.push_back(owner);
    snapshot_.roots.source.push_back(0x7000 + 8 * snapshot_.roots.size());
    snapshot_.roots.block.push_back(block);
    snapshot_.roots.place.push_back(place);
  }
  Snapshot* snapshot() { return &snapshot_; }
  const Snapshot& Build() {
    snapshot_.edges = {edges_.section()};
    return snapshot_;
  }

 private:
  static void AddTo(BlockColumns* columns, uint64_t address, uint64_t bytes) {
    columns->address.push_back(address);
    columns->requested_bytes.push_back(bytes);
    columns->node.push_back(NodeId{0});
    columns->epoch.push_back(1);
  }
  Snapshot snapshot_;
  EdgeEncoder edges_;
  uint64_t next_address_ = 0x10000;
};

// Each root of a group of its own.
inline std::vector<uint32_t> GroupsOfOne(const ObjectGraph& graph) {
  std::vector<uint32_t> groups(graph.roots().size());
  for (uint32_t i = 0; i < groups.size(); ++i) groups[i] = i;
  return groups;
}

// All that is found of a graph, each root a group of its own.
struct AnalyzedGraph {
  explicit AnalyzedGraph(const Snapshot& snapshot)
      : graph(snapshot),
        components(StronglyConnectedComponents(graph.edges())),
        reachability(FloodFromRoots(graph)),
        leaks(FindLeaks(graph, reachability, components)),
        groups(GroupsOfOne(graph)),
        retention(graph, reachability, groups,
                  static_cast<uint32_t>(groups.size()), leaks) {}
  ObjectGraph graph;
  Components components;
  Reachability reachability;
  LeakKindsOfGraph leaks;
  std::vector<uint32_t> groups;
  Retention retention;
};

// A random graph of at most 12 objects, and the same as lists.
struct RandomGraph {
  struct EdgeOf {
    Vertex from, to;
    bool is_interior;
  };
  struct RootOf {
    uint8_t kind;
    Vertex to;
    bool is_interior;
  };
  explicit RandomGraph(uint32_t seed) {
    std::mt19937 random(seed);
    const auto below = [&](uint32_t bound) {
      return static_cast<uint32_t>(random() % bound);
    };
    size = 1 + below(12);
    for (Vertex v = 0; v < size; ++v) builder.Block(64 + 8 * below(40));
    const uint32_t density = below(5);  // edges an object, half of them
    for (Vertex v = 0; v < size; ++v) {
      uint64_t offset = 0;
      for (uint32_t i = below(density + 2); i > 0; --i) {
        const EdgeOf edge = {v, below(size), below(4) == 0};
        builder.Edge(v, offset, edge.to, edge.is_interior ? 16 : 0);
        edges.push_back(edge);
        offset += 8 * (1 + below(2));
      }
    }
    for (uint32_t i = below(size / 2 + 2); i > 0; --i) {
      const RootOf root = {static_cast<uint8_t>(below(HL_ROOT_KINDS)),
                           below(size), below(4) == 0};
      builder.Root(root.kind, root.to, root.is_interior ? 24 : 0);
      roots.push_back(root);
    }
  }

  // What `start` reaches along edges that `follows` lets through, and without
  // passing `without`.
  template <typename Follows>
  std::vector<bool> ReachedFrom(const std::vector<Vertex>& start,
                                Vertex without, Follows follows) const {
    std::vector<bool> is_reached(size);
    for (const Vertex v : start) {
      if (v != without) is_reached[v] = true;
    }
    for (bool is_changed = true; is_changed;) {
      is_changed = false;
      for (const EdgeOf& edge : edges) {
        if (!is_reached[edge.from] || is_reached[edge.to] ||
            edge.to == without || !follows(edge)) {
          continue;
        }
        is_reached[edge.to] = true;
        is_changed = true;
      }
    }
    return is_reached;
  }
  std::vector<bool> ReachedFrom(Vertex start) const {
    return ReachedFrom({start}, kNoVertex, [](const EdgeOf&) { return true; });
  }

  GraphBuilder builder;
  uint32_t size = 0;
  std::vector<EdgeOf> edges;
  std::vector<RootOf> roots;
};

constexpr uint32_t kRandomGraphs = 12000;

}  // namespace heapline

#endif  // HEAPLINE_TESTS_UNIT_GRAPH_FIXTURE_H_
