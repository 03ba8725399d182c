// What the graph's algorithms find, against what follows from the definitions
// word by word, on 12 000 random graphs each.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "analyzer/analysis/components.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/reachability.h"
#include "analyzer/analysis/retention.h"
#include "analyzer/analysis/root_paths.h"
#include "graph_fixture.h"

namespace heapline {
namespace {

using EdgeOf = RandomGraph::EdgeOf;

bool FollowsAll(const EdgeOf&) { return true; }
bool FollowsExact(const EdgeOf& edge) { return !edge.is_interior; }

TEST(GraphRandomTest, ComponentsAreWhatReachesEachOther) {
  size_t cyclic = 0;
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const ObjectGraph graph(random.builder.Build());
    const Components found = StronglyConnectedComponents(graph.edges());
    std::vector<std::vector<bool>> reached;
    for (Vertex v = 0; v < random.size; ++v) {
      reached.push_back(random.ReachedFrom(v));
    }
    std::set<ComponentId> ids;
    for (Vertex a = 0; a < random.size; ++a) {
      ids.insert(found.of[a]);
      for (Vertex b = 0; b < random.size; ++b) {
        const bool is_one = reached[a][b] && reached[b][a];
        ASSERT_EQ(found.of[a] == found.of[b], is_one) << "seed " << seed;
        if (is_one && a < b) ++cyclic;
        if (!is_one && reached[a][b]) {
          ASSERT_GT(found.of[a], found.of[b]) << "seed " << seed;
        }
      }
    }
    ASSERT_EQ(ids.size(), found.count);
    ASSERT_EQ(*ids.rbegin(), found.count - 1);
    const ComponentMembers members = MembersOf(found);
    for (const ComponentId id : ids) {
      for (const Vertex v : members.Of(id)) ASSERT_EQ(found.of[v], id);
      ASSERT_TRUE(std::is_sorted(members.Of(id).begin(), members.Of(id).end()));
    }
    const DigraphRows condensed = Condensed(graph.edges(), found);
    std::multiset<std::pair<Vertex, Vertex>> between, told;
    for (const EdgeOf& edge : random.edges) {
      if (found.of[edge.from] != found.of[edge.to]) {
        between.insert({found.of[edge.from], found.of[edge.to]});
      }
    }
    for (Vertex v = 0; v < condensed.view().size(); ++v) {
      for (const Vertex to : condensed.view().Targets(v)) told.insert({v, to});
    }
    ASSERT_EQ(between, told);
  }
  EXPECT_GT(cyclic, kRandomGraphs);
}

TEST(GraphRandomTest, ReversedEdgesAreTheSameEdges) {
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const ObjectGraph graph(random.builder.Build());
    const DigraphRows reversed = Reversed(graph.edges());
    std::multiset<std::pair<Vertex, Vertex>> expected, found;
    for (const EdgeOf& edge : random.edges)
      expected.insert({edge.to, edge.from});
    ASSERT_EQ(reversed.begin.size(), random.size + 1);
    for (Vertex v = 0; v < random.size; ++v) {
      for (const Vertex to : reversed.view().Targets(v)) found.insert({v, to});
    }
    ASSERT_EQ(expected, found) << "seed " << seed;
  }
}

TEST(GraphRandomTest, ObjectsAreHeldByTheStrongestKindThatReachesThem) {
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const ObjectGraph graph(random.builder.Build());
    const Reachability found = FloodFromRoots(graph);
    std::vector<uint8_t> held_by(random.size, kNotHeld);
    std::vector<Vertex> exact_roots;
    for (const RandomGraph::RootOf& root : random.roots) {
      if (!root.is_interior) exact_roots.push_back(root.to);
      const std::vector<bool> reached = random.ReachedFrom(root.to);
      for (Vertex v = 0; v < random.size; ++v) {
        if (reached[v]) held_by[v] = std::min(held_by[v], root.kind);
      }
    }
    const std::vector<bool> is_exact =
        random.ReachedFrom(exact_roots, kNoVertex, FollowsExact);
    for (Vertex v = 0; v < random.size; ++v) {
      ASSERT_EQ(found.held_by[v], held_by[v]) << "seed " << seed;
      ASSERT_EQ(found.is_exact[v] != 0, is_exact[v]) << "seed " << seed;
    }
  }
}

TEST(GraphRandomTest, LeakKindsFollowFromWhatReachesWhat) {
  size_t direct = 0, indirect = 0;
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const ObjectGraph graph(random.builder.Build());
    const LeakKindsOfGraph found =
        FindLeaks(graph, FloodFromRoots(graph),
                  StronglyConnectedComponents(graph.edges()));
    std::vector<Vertex> roots, exact_roots;
    for (const RandomGraph::RootOf& root : random.roots) {
      roots.push_back(root.to);
      if (!root.is_interior) exact_roots.push_back(root.to);
    }
    const std::vector<bool> held =
        random.ReachedFrom(roots, kNoVertex, FollowsAll);
    const std::vector<bool> exact =
        random.ReachedFrom(exact_roots, kNoVertex, FollowsExact);
    uint64_t leaked_bytes = 0, counted_bytes = 0;
    for (Vertex v = 0; v < random.size; ++v) {
      // Direct: whatever unreachable object reaches it, it reaches back.
      bool is_source = true;
      for (Vertex from = 0; from < random.size; ++from) {
        if (!held[from] && random.ReachedFrom(from)[v] &&
            !random.ReachedFrom(v)[from]) {
          is_source = false;
        }
      }
      const unsigned kind = held[v] ? exact[v] ? kReachableBlock : kPossibleLeak
                            : is_source ? kDirectLeak
                                        : kIndirectLeak;
      ASSERT_EQ(found.kind[v], kind) << "seed " << seed << " object " << v;
      if (held[v]) continue;
      leaked_bytes += graph.Bytes(v);
      // It belongs to a leak whose members reach it.
      const Leak& leak = found.leaks[found.leak_of[v]];
      ASSERT_TRUE(random.ReachedFrom(leak.first)[v]) << "seed " << seed;
      ASSERT_EQ(found.kind[leak.first], kDirectLeak);
      ++(is_source ? direct : indirect);
    }
    std::vector<uint64_t> members(found.leaks.size());
    std::vector<uint64_t> taken(found.leaks.size());
    for (Vertex v = 0; v < random.size; ++v) {
      if (!held[v]) {
        ++(found.kind[v] == kDirectLeak ? members : taken)[found.leak_of[v]];
      }
    }
    for (size_t i = 0; i < found.leaks.size(); ++i) {
      ASSERT_EQ(found.leaks[i].count, members[i]);
      ASSERT_EQ(found.leaks[i].indirect_count, taken[i]);
      counted_bytes += found.leaks[i].bytes + found.leaks[i].indirect_bytes;
    }
    ASSERT_EQ(counted_bytes, leaked_bytes);
  }
  EXPECT_GT(direct, kRandomGraphs);
  EXPECT_GT(indirect, kRandomGraphs);
}

// The dominators of v by definition: without them v is not reached.
TEST(GraphRandomTest, RetainedIsWhatNothingReachesOnceTheObjectIsGone) {
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const ObjectGraph graph(random.builder.Build());
    const Reachability reachability = FloodFromRoots(graph);
    const LeakKindsOfGraph leaks = FindLeaks(
        graph, reachability, StronglyConnectedComponents(graph.edges()));
    const std::vector<uint32_t> groups = GroupsOfOne(graph);
    const Retention retention(graph, reachability, groups,
                              static_cast<uint32_t>(groups.size()), leaks);
    // What a stack or a register holds besides stronger roots is not its own.
    std::vector<Vertex> strong, start;
    for (const RandomGraph::RootOf& root : random.roots) {
      if (root.kind < HL_ROOT_REGISTER) strong.push_back(root.to);
    }
    const std::vector<bool> is_strong =
        random.ReachedFrom(strong, kNoVertex, FollowsAll);
    for (const RandomGraph::RootOf& root : random.roots) {
      const bool is_passing =
          root.kind == HL_ROOT_REGISTER || root.kind == HL_ROOT_STACK;
      if (!is_passing || !is_strong[root.to]) start.push_back(root.to);
    }
    for (Vertex v = 0; v < random.size; ++v) {
      if (leaks.kind[v] == kDirectLeak) start.push_back(v);
    }
    uint64_t all_bytes = 0;
    std::vector<std::vector<bool>> without;
    for (Vertex v = 0; v < random.size; ++v) {
      all_bytes += graph.Bytes(v);
      without.push_back(random.ReachedFrom(start, v, FollowsAll));
    }
    for (Vertex v = 0; v < random.size; ++v) {
      uint64_t bytes = 0, count = 0;
      for (Vertex other = 0; other < random.size; ++other) {
        if (without[v][other]) continue;
        bytes += graph.Bytes(other);
        ++count;
      }
      ASSERT_EQ(retention.RetainedBytes(v), bytes) << "seed " << seed;
      ASSERT_EQ(retention.RetainedCount(v), count) << "seed " << seed;
      // The immediate dominator is dominated by all others of v.
      const Vertex parent = retention.Dominator(v);
      for (Vertex other = 0; other < random.size; ++other) {
        if (other == v || without[other][v]) continue;
        ASSERT_TRUE(parent < random.size) << "seed " << seed;
        ASSERT_FALSE(without[other][parent] && other != parent)
            << "seed " << seed;
      }
      if (parent < random.size) {
        ASSERT_FALSE(without[parent][v]);
        ASSERT_EQ(retention.HolderKind(parent), Retention::Holder::kObject);
      }
    }
    ASSERT_EQ(retention.RetainedBytes(retention.root()), all_bytes);
    ASSERT_EQ(retention.RetainedCount(retention.root()), random.size);
    // What is not held hangs below the vertex for that.
    uint64_t leaked = 0;
    for (Vertex v = 0; v < random.size; ++v) {
      const bool is_leaked =
          leaks.kind[v] == kDirectLeak || leaks.kind[v] == kIndirectLeak;
      if (is_leaked) leaked += graph.Bytes(v);
    }
    // Objects that roots hold too do not count there.
    ASSERT_EQ(retention.RetainedBytes(retention.unreachable()), leaked);
  }
}

TEST(GraphRandomTest, DeepSizeIsWhatIsReached) {
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const ObjectGraph graph(random.builder.Build());
    const Vertex v = seed % random.size;
    const std::vector<bool> reached = random.ReachedFrom(v);
    uint64_t bytes = 0, count = 0;
    for (Vertex other = 0; other < random.size; ++other) {
      if (reached[other]) bytes += graph.Bytes(other);
      if (reached[other]) ++count;
    }
    ASSERT_EQ(DeepSizeOf(graph, v).bytes, bytes);
    ASSERT_EQ(DeepSizeOf(graph, v).count, count);
  }
}

TEST(GraphRandomTest, PathsAreShortestAndTheirHopsAreEdges) {
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const ObjectGraph graph(random.builder.Build());
    const Vertex target = seed % random.size;
    // Distances to the target, by relaxing every edge often enough.
    std::vector<size_t> distance(random.size, SIZE_MAX);
    distance[target] = 1;
    for (uint32_t round = 0; round < random.size; ++round) {
      for (const EdgeOf& edge : random.edges) {
        if (distance[edge.to] == SIZE_MAX) continue;
        distance[edge.from] =
            std::min(distance[edge.from], distance[edge.to] + 1);
      }
    }
    const size_t most = 1 + seed % 4;
    const std::vector<RootPath> paths =
        ShortestPaths(graph, GroupsOfOne(graph), target, most);
    std::vector<std::pair<size_t, uint8_t>> expected, found;
    for (const RandomGraph::RootOf& root : random.roots) {
      if (distance[root.to] == SIZE_MAX) continue;
      expected.push_back({distance[root.to], root.kind});
    }
    std::sort(expected.begin(), expected.end());
    expected.resize(std::min(most, expected.size()));
    for (const RootPath& path : paths) {
      found.push_back({path.hops.size(), random.roots[path.root].kind});
      ASSERT_EQ(path.hops.front().object, random.roots[path.root].to);
      ASSERT_EQ(path.hops.back().object, target);
      for (size_t i = 0; i + 1 < path.hops.size(); ++i) {
        const Vertex from = path.hops[i].object;
        bool is_edge = false;
        for (const uint32_t e : graph.edges().EdgesOf(from)) {
          is_edge |= graph.edges().target[e] == path.hops[i + 1].object &&
                     graph.Offset(e) == path.hops[i].offset;
        }
        ASSERT_TRUE(is_edge) << "seed " << seed;
      }
    }
    ASSERT_EQ(found, expected) << "seed " << seed;
    const RootPath nearest = PathsFromRoots(graph).To(target);
    ASSERT_EQ(nearest.hops.size(), paths.empty() ? 0 : paths[0].hops.size());
    if (!paths.empty()) {
      ASSERT_EQ(random.roots[nearest.root].to, nearest.hops.front().object);
      ASSERT_EQ(random.roots[nearest.root].kind,
                random.roots[paths[0].root].kind);
      ASSERT_EQ(nearest.hops.back().object, target);
    }
    for (size_t i = 0; i + 1 < nearest.hops.size(); ++i) {
      const Vertex hop = nearest.hops[i].object;
      const absl::Span<const Vertex> to = graph.edges().Targets(hop);
      ASSERT_NE(std::find(to.begin(), to.end(), nearest.hops[i + 1].object),
                to.end());
    }
    const Vertex from = seed / 7 % random.size;
    ASSERT_EQ(ShortestChain(graph, from, target).size(),
              distance[from] == SIZE_MAX ? 0 : distance[from]);
  }
}

}  // namespace
}  // namespace heapline
