// Invariant: nothing refers to the last twentieth of the blocks but themselves.
#include "graph_snapshot.h"

#include <cstddef>
#include <string>
#include <vector>

#include "heapline/snapshot_encoding.h"

namespace heapline {
namespace {

constexpr uint64_t kEdgesASection = 500000;  // well below the section limit
constexpr uint64_t kRoots = 10000;

class Random {  // xorshift64
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Below(uint64_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % bound;
  }

 private:
  uint64_t state_;
};

class EdgeWriter {
 public:
  explicit EdgeWriter(std::vector<EdgeSection>* sections)
      : sections_(sections) {}

  void Put(uint64_t from, uint64_t offset, uint64_t to, uint64_t place) {
    if (sections_->empty() ||
        sections_->back().record_count == kEdgesASection) {
      sections_->emplace_back();
      from_ = to_ = offset_ = 0;
    }
    EdgeSection& section = sections_->back();
    const bool has_from = section.record_count == 0 || from != from_;
    unsigned char bytes[4 * kVarintBytes];
    const uint64_t words = (offset - (has_from ? 0 : offset_)) / 8;
    unsigned char* out = PutVarint(
        bytes, words << 2 | (has_from ? 2u : 0u) | (place != 0 ? 1u : 0u));
    if (has_from) out = PutVarint(out, (from - from_) >> 4);
    out = PutZigzag(
        out, static_cast<int64_t>(to >> 4) - static_cast<int64_t>(to_ >> 4));
    if (place != 0) out = PutVarint(out, place);
    section.bytes.append(reinterpret_cast<const char*>(bytes),
                         static_cast<size_t>(out - bytes));
    ++section.record_count;
    from_ = from;
    offset_ = offset;
    to_ = to;
  }

 private:
  std::vector<EdgeSection>* sections_;
  uint64_t from_ = 0, offset_ = 0, to_ = 0;
};

void AddBlocks(uint64_t blocks, Random* random, Snapshot* snapshot) {
  uint64_t address = 0x555555000000;
  uint64_t live_bytes = 0;
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t bytes = 48 + random->Below(160);
    snapshot->blocks.address.push_back(address);
    snapshot->blocks.requested_bytes.push_back(bytes);
    snapshot->blocks.node.push_back(NodeId{0});
    snapshot->blocks.epoch.push_back(static_cast<uint16_t>(i >> 16));
    address += (bytes + 8 + 15) / 16 * 16;
    live_bytes += bytes;
  }
  const auto set = [snapshot](PropertyId id, uint64_t number) {
    snapshot->properties[static_cast<uint32_t>(id)].number = number;
  };
  set(PropertyId::live_bytes, live_bytes);
  set(PropertyId::live_count, blocks);
  set(PropertyId::graph, 1);
}

}  // namespace

Snapshot MakeGraphSnapshot(uint64_t blocks, uint64_t seed) {
  Random random(seed);
  Snapshot snapshot;
  snapshot.nodes.address.push_back(0);
  snapshot.nodes.parent.push_back(NodeId{0});
  snapshot.nodes.kind.push_back(HL_NODE_SPECIAL);
  snapshot.nodes.generation.push_back(0);
  snapshot.counters.total_count.assign(1, 0);
  snapshot.counters.total_bytes.assign(1, 0);
  snapshot.counters.temporary_count.assign(1, 0);
  AddBlocks(blocks, &random, &snapshot);
  const std::vector<uint64_t>& address = snapshot.blocks.address;
  // The last twentieth is held by nothing but itself.
  const uint64_t held = blocks - blocks / 20;

  // Each block refers to the next, in runs of 64, and to one near it or any.
  EdgeWriter writer(&snapshot.edges);
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t first = i < held ? 0 : held;
    const uint64_t count = i < held ? held : blocks - held;
    for (uint64_t word = 0; word < 2; ++word) {
      uint64_t to = i + 1;
      if (word == 1) {
        to = random.Below(2) == 0 ? first + random.Below(count)
                                  : i + random.Below(1000);
      }
      const bool is_run_end = word == 0 && i % 64 == 63;
      if (is_run_end || to >= first + count) to = first + random.Below(count);
      const uint64_t place = random.Below(8) == 0 ? 16 : 0;
      writer.Put(address[i], word * 8 + 8, address[to], place);
    }
  }
  for (uint64_t i = 0; i < kRoots && held > 0; ++i) {
    snapshot.roots.kind.push_back(
        static_cast<uint8_t>(random.Below(HL_ROOT_KINDS)));
    snapshot.roots.owner.push_back(0);
    snapshot.roots.source.push_back(0x400000 + 8 * i);
    snapshot.roots.block.push_back(address[i == 0 ? 0 : random.Below(held)]);
    snapshot.roots.place.push_back(0);
  }
  return snapshot;
}

}  // namespace heapline
