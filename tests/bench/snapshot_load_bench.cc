// Prints what reading costs: N million blocks (default 10) by 200 000 call
// stacks, made in memory, plain and packed. Usage: snapshot_load_bench [N]
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "analyzer/snapshot/pack.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {
namespace {

constexpr uint32_t kNodes = 1000000;
constexpr uint32_t kStacks = 200000;

// xorshift64: the same figures on every run.
uint64_t NextRandom(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

Snapshot MakeSnapshot(uint64_t blocks) {
  Snapshot snapshot;
  uint64_t random = 88172645463325252;
  for (uint32_t id = 0; id < kNodes; ++id) {
    const uint32_t up = id == 0 ? 0 : 1 + NextRandom(&random) % id % 64;
    snapshot.nodes.address.push_back(
        id == 0 ? 0 : 0x400000 + NextRandom(&random) % 0x1000000);
    snapshot.nodes.parent.push_back(static_cast<NodeId>(id - up));
    snapshot.nodes.kind.push_back(id == 0 ? HL_NODE_SPECIAL
                                          : HL_NODE_RETURN_ADDRESS);
    snapshot.nodes.generation.push_back(0);
  }
  snapshot.counters.total_count.assign(kNodes, 0);
  snapshot.counters.total_bytes.assign(kNodes, 0);
  snapshot.counters.temporary_count.assign(kNodes, 0);
  uint64_t address = 0x555555000000;
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t bytes = 16 + NextRandom(&random) % 200;
    const uint32_t node = kNodes - 1 - NextRandom(&random) % kStacks;
    snapshot.blocks.address.push_back(address);
    snapshot.blocks.requested_bytes.push_back(bytes);
    snapshot.blocks.node.push_back(static_cast<NodeId>(node));
    snapshot.blocks.epoch.push_back(static_cast<uint16_t>(i >> 16));
    address += (bytes + 8 + 15) / 16 * 16;
  }
  return snapshot;
}

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since)
      .count();
}

double CpuSeconds() {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const struct timeval& time) {
    return static_cast<double>(time.tv_sec) + time.tv_usec * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool Load(const char* what, const std::string& file, uint64_t blocks) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = CpuSeconds();
  const absl::StatusOr<Snapshot> snapshot = TryParseSnapshot(
      {reinterpret_cast<const unsigned char*>(file.data()), file.size()}, what);
  const double seconds = Seconds(start);
  const double cpu_seconds = CpuSeconds() - cpu_start;
  if (!snapshot.ok() || !snapshot->is_whole() ||
      snapshot->blocks.size() != blocks) {
    std::fprintf(stderr, "%s: not read back whole\n", what);
    return false;
  }
  std::printf(
      "%-7s %6.1f MB, %.2f bytes a block in all, read in %.2f s (%.2f s of "
      "CPU)\n",
      what, file.size() / 1e6, static_cast<double>(file.size()) / blocks,
      seconds, cpu_seconds);
  return true;
}

int Run(uint64_t blocks) {
  const std::string plain = EncodeSnapshot(MakeSnapshot(blocks));
  PackResult result;
  const auto start = std::chrono::steady_clock::now();
  const absl::StatusOr<std::string> packed = PackSnapshot(
      {reinterpret_cast<const unsigned char*>(plain.data()), plain.size()},
      "bench", &result);
  if (!packed.ok()) return 1;
  std::printf("packed in %.2f s\n", Seconds(start));
  if (!Load("plain", plain, blocks) || !Load("packed", *packed, blocks)) {
    return 1;
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory with both files: %.0f MB\n",
              usage.ru_maxrss / 1000.0);
  return 0;
}

}  // namespace
}  // namespace heapline

int main(int argc, char** argv) {
  const uint64_t millions = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10;
  return heapline::Run((millions == 0 ? 1 : millions) * 1000000);
}
