// Invariant: edges are taken in one pass in the file's order, which is that of
// the rows, so nothing is sorted and nothing kept twice.
#include "analyzer/analysis/object_graph.h"

#include <algorithm>
#include <limits>

#include "analyzer/analysis/block_finder.h"

namespace heapline {
namespace {

// Offsets beyond 8 GiB are all shown as that.
constexpr uint64_t kMostOffsetWords = (uint64_t{1} << 30) - 1;
constexpr size_t kEdgesAtOnce = 4096;

}  // namespace

ObjectGraph::ObjectGraph(const Snapshot& snapshot) : snapshot_(&snapshot) {
  addresses_ = snapshot.blocks.address;
  if (!snapshot.pool_blocks.address.empty()) MergePools();
  if (addresses_.size() > kMostVertices) {
    addresses_ = addresses_.subspan(0, kMostVertices);
  }
  const BlockFinder finder(addresses_);
  AddEdges(finder);
  AddRoots(finder);
}

void ObjectGraph::MergePools() {
  const std::vector<uint64_t>& heap = snapshot_->blocks.address;
  const std::vector<uint64_t>& pool = snapshot_->pool_blocks.address;
  const std::vector<size_t> containers = ContainerBlocks(*snapshot_);
  size_t next_container = 0;
  merged_addresses_.reserve(heap.size() + pool.size());
  row_.reserve(heap.size() + pool.size());
  for (size_t h = 0, p = 0; h < heap.size() || p < pool.size();) {
    // Of two at one address the container stands first: what is looked up is
    // then the pool's block.
    const bool is_heap =
        p == pool.size() || (h < heap.size() && heap[h] <= pool[p]);
    merged_addresses_.push_back(is_heap ? heap[h] : pool[p]);
    row_.push_back(static_cast<uint32_t>(is_heap ? h : p) |
                   (is_heap ? 0 : kPoolBit));
    const bool is_container = is_heap && next_container < containers.size() &&
                              containers[next_container] == h;
    is_container_.push_back(is_container);
    if (is_container) ++next_container;
    ++(is_heap ? h : p);
  }
  addresses_ = merged_addresses_;
}

Place ObjectGraph::PlaceAt(Vertex to, uint64_t bytes) const {
  if (bytes == 0) return kStart;
  if (bytes == RequestedBytes(to)) return kOnePastEnd;
  if (bytes % 8 != 0 || bytes / 8 >= kOnePastEnd) return kOddPlace;
  return static_cast<Place>(bytes / 8);
}

ReferenceClass ObjectGraph::ClassAt(Vertex to, Place place) const {
  if (place == kStart) return ReferenceClass::kExact;
  // An empty array's block is its cookie, and the array begins behind it.
  if (place == kOnePastEnd && RequestedBytes(to) <= 16) {
    return ReferenceClass::kExact;
  }
  return ReferenceClass::kInterior;
}

uint64_t ObjectGraph::VisitEdges(
    const std::vector<EdgeSection>& sections, const BlockFinder& finder,
    absl::FunctionRef<bool(Vertex, Vertex, const Edge&)> visit) const {
  std::vector<Edge> edges;
  std::vector<uint64_t> wanted;
  std::vector<Vertex> found(kEdgesAtOnce);
  EdgeCursor cursor(sections);
  uint64_t dropped = 0;
  size_t from = 0;
  uint64_t last_from = 0;
  for (bool is_more = true; is_more;) {
    edges.clear();
    wanted.clear();
    while (edges.size() < kEdgesAtOnce && (is_more = cursor.Next())) {
      edges.push_back(cursor.edge());
      wanted.push_back(cursor.edge().to);
    }
    finder.Find(wanted, absl::MakeSpan(found).subspan(0, wanted.size()));
    for (size_t i = 0; i < edges.size(); ++i) {
      const Edge& edge = edges[i];
      // The last object at or before `from`.
      while (from + 1 < size() && addresses_[from + 1] <= edge.from) ++from;
      if (from >= size() || addresses_[from] != edge.from ||
          edge.from < last_from || found[i] == kNoVertex ||
          !visit(static_cast<Vertex>(from), found[i], edge)) {
        ++dropped;
        continue;
      }
      last_from = edge.from;
    }
  }
  return dropped;
}

void ObjectGraph::AddEdges(const BlockFinder& finder) {
  uint64_t most = 0;
  for (const EdgeSection& section : snapshot_->edges) {
    most += std::min(section.record_count,
                     static_cast<uint64_t>(section.bytes.size()));
  }
  most = std::min<uint64_t>(most, kMostEdges);
  target_.reserve(most);
  offset_words_.reserve(most);
  place_.reserve(most);
  begin_.assign(size() + 1, 0);

  size_t row = 0;  // rows before this one are ended: begin_ is set up to it
  const auto begin_row = [&](size_t next) {
    while (row < next) begin_[++row] = static_cast<uint32_t>(target_.size());
  };
  dropped_edges_ = VisitEdges(
      snapshot_->edges, finder, [&](Vertex from, Vertex to, const Edge& edge) {
        if (target_.size() == kMostEdges) return false;
        begin_row(from);
        const Place place = PlaceAt(to, edge.place);
        const bool is_interior =
            ClassAt(to, place) == ReferenceClass::kInterior;
        target_.push_back(to);
        place_.push_back(place);
        offset_words_.push_back(static_cast<uint32_t>(
            std::min(edge.offset / 8, kMostOffsetWords) << 1 |
            (is_interior ? 1 : 0)));
        if (is_interior) ++interior_edge_count_;
        return true;
      });
  begin_row(size());
  dropped_edges_ += VisitEdges(snapshot_->weak_edges, finder,
                               [&](Vertex from, Vertex to, const Edge& edge) {
                                 weak_edges_.push_back({from, to, edge.offset});
                                 return true;
                               });
}

void ObjectGraph::AddRoots(const BlockFinder& finder) {
  const RootColumns& roots = snapshot_->roots;
  std::vector<Vertex> found(roots.size());
  finder.Find(roots.block, absl::MakeSpan(found));
  for (size_t i = 0; i < roots.size(); ++i) {
    if (found[i] == kNoVertex) {
      ++dropped_roots_;
      continue;
    }
    RootReference root;
    root.source = roots.source[i];
    root.owner = roots.owner[i];
    root.object = found[i];
    root.place = PlaceAt(found[i], roots.place[i]);
    root.kind = roots.kind[i];
    root.reference = ClassAt(found[i], root.place);
    roots_.push_back(root);
  }
}

Vertex ObjectGraph::ObjectAt(uint64_t address) const {
  const auto behind =
      std::upper_bound(addresses_.begin(), addresses_.end(), address);
  // A container that begins before its pool's blocks may hold the address too:
  // step over blocks that end before it, as far as one container holds them.
  for (auto at = behind; at != addresses_.begin();) {
    const auto v = static_cast<Vertex>(--at - addresses_.begin());
    const uint64_t bytes = std::max<uint64_t>(RequestedBytes(v), 1);
    if (address - addresses_[v] < bytes) return v;
    if (!IsPoolBlock(v)) break;
  }
  return kNoVertex;
}

void ObjectGraph::Reclassify(
    absl::FunctionRef<ReferenceClass(const Reference&)> class_of) {
  size_t kept = 0;
  size_t first = 0;  // of the row in the old numbering
  const size_t old_weak = weak_edges_.size();
  interior_edge_count_ = 0;
  for (Vertex from = 0; from < size(); ++from) {
    const size_t behind = begin_[from + 1];
    begin_[from] = static_cast<uint32_t>(kept);
    for (size_t edge = first; edge < behind; ++edge) {
      const auto e = static_cast<uint32_t>(edge);
      const ReferenceClass now =
          IsInterior(e) ? ReferenceClass::kInterior : ReferenceClass::kExact;
      const ReferenceClass then =
          class_of({from, target_[e], Offset(e), place_[e], now});
      if (then == ReferenceClass::kWeak) {
        weak_edges_.push_back({from, target_[e], Offset(e)});
        continue;
      }
      const bool is_interior = then == ReferenceClass::kInterior;
      target_[kept] = target_[e];
      place_[kept] = place_[e];
      offset_words_[kept] = (offset_words_[e] & ~1u) | (is_interior ? 1 : 0);
      if (is_interior) ++interior_edge_count_;
      ++kept;
    }
    first = behind;
  }
  if (!begin_.empty()) begin_.back() = static_cast<uint32_t>(kept);
  target_.resize(kept);
  place_.resize(kept);
  offset_words_.resize(kept);
  const auto before = [](const WeakEdge& a, const WeakEdge& b) {
    return a.from != b.from ? a.from < b.from : a.offset < b.offset;
  };
  std::inplace_merge(weak_edges_.begin(), weak_edges_.begin() + old_weak,
                     weak_edges_.end(), before);

  size_t kept_roots = 0;
  for (RootReference root : roots_) {
    root.reference =
        class_of({kNoVertex, root.object, 0, root.place, root.reference});
    if (root.reference == ReferenceClass::kWeak) {
      weak_roots_.push_back(root);
    } else {
      roots_[kept_roots++] = root;
    }
  }
  roots_.resize(kept_roots);
}

void ObjectGraph::IgnoreRoots(unsigned kinds) {
  const auto first_ignored = std::stable_partition(
      roots_.begin(), roots_.end(), [kinds](const RootReference& root) {
        return (kinds >> root.kind & 1) == 0;
      });
  weak_roots_.insert(weak_roots_.end(), first_ignored, roots_.end());
  roots_.erase(first_ignored, roots_.end());
}

}  // namespace heapline
