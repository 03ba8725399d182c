// make_bench_snapshots: two made-up snapshots of N million blocks each by
// 200 000 call stacks, 24 frames deep, for reports to be measured with. The
// files carry their symbols, so that no binary is read (symbolize_bench
// measures that). The same bytes on every run.
//
//   make_bench_snapshots MILLIONS OLDER NEWER

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "analyzer/snapshot/snapshot_encoder.h"

namespace heapline {
namespace {

constexpr uint32_t kStacks = 200000;
constexpr uint32_t kDepth = 24;
constexpr uint32_t kFunctions = 20000;

// xorshift64: the same figures on every run.
uint64_t NextRandom(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

NodeId AddNode(NodeId parent, uint64_t function, Snapshot* snapshot) {
  const NodeId id{static_cast<uint32_t>(snapshot->nodes.size())};
  snapshot->nodes.address.push_back(0x400000 + function * 64);
  snapshot->nodes.parent.push_back(parent);
  snapshot->nodes.kind.push_back(HL_NODE_RETURN_ADDRESS);
  snapshot->nodes.generation.push_back(0);
  NodeSymbol symbol;
  symbol.node = id;
  symbol.function = "Component::Function" + std::to_string(function) + "(int)";
  symbol.file = "/src/component/file" + std::to_string(function / 20) + ".cc";
  symbol.line = static_cast<uint32_t>(function % 1000 + 1);
  symbol.module = "/usr/bin/program";
  snapshot->symbols.push_back(symbol);
  return id;
}

// A tree whose leaves are kStacks stacks: each branches off an earlier one.
std::vector<NodeId> AddStacks(Snapshot* snapshot) {
  snapshot->nodes.address.push_back(0);
  snapshot->nodes.parent.push_back(NodeId{0});
  snapshot->nodes.kind.push_back(HL_NODE_SPECIAL);
  snapshot->nodes.generation.push_back(0);
  uint64_t random = 88172645463325252;
  std::vector<NodeId> path(1, NodeId{0});
  std::vector<NodeId> leaves;
  while (leaves.size() < kStacks) {
    while (path.size() <= kDepth) {
      path.push_back(
          AddNode(path.back(), NextRandom(&random) % kFunctions, snapshot));
    }
    leaves.push_back(path.back());
    // Most stacks differ in their last frames, some from near the root.
    const bool is_far = NextRandom(&random) % 16 == 0;
    path.resize(path.size() - 1 - NextRandom(&random) % (is_far ? kDepth : 4));
  }
  return leaves;
}

Snapshot MakeSnapshot(uint64_t blocks, uint64_t seed) {
  Snapshot snapshot;
  const std::vector<NodeId> leaves = AddStacks(&snapshot);
  const size_t nodes = snapshot.nodes.size();
  snapshot.counters.total_count.assign(nodes, 0);
  snapshot.counters.total_bytes.assign(nodes, 0);
  snapshot.counters.temporary_count.assign(nodes, 0);
  uint64_t random = seed;
  uint64_t address = 0x555555000000;
  uint64_t live_bytes = 0;
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t bytes = 16 + NextRandom(&random) % 200;
    snapshot.blocks.address.push_back(address);
    snapshot.blocks.requested_bytes.push_back(bytes);
    snapshot.blocks.node.push_back(leaves[NextRandom(&random) % kStacks]);
    snapshot.blocks.epoch.push_back(static_cast<uint16_t>(i >> 16));
    address += (bytes + 8 + 15) / 16 * 16;
    live_bytes += bytes;
  }
  const auto set = [&snapshot](PropertyId id, uint64_t number) {
    snapshot.properties[static_cast<uint32_t>(id)].number = number;
  };
  set(PropertyId::live_bytes, live_bytes);
  set(PropertyId::live_count, blocks);
  return snapshot;
}

bool WriteFile(const std::string& path, const Snapshot& snapshot) {
  std::ofstream file(path, std::ios::binary);
  file << EncodeSnapshot(snapshot);
  return file.good();
}

}  // namespace
}  // namespace heapline

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s MILLIONS OLDER NEWER\n", argv[0]);
    return 2;
  }
  const uint64_t blocks = std::strtoull(argv[1], nullptr, 10) * 1000000;
  const bool is_written =
      heapline::WriteFile(argv[2], heapline::MakeSnapshot(blocks, 12345)) &&
      heapline::WriteFile(argv[3], heapline::MakeSnapshot(blocks, 67890));
  return is_written ? 0 : 1;
}
