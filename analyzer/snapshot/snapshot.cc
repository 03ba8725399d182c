#include "analyzer/snapshot/snapshot.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace heapline {
namespace {

constexpr bool kNumberKind = false;
constexpr bool kTextKind = true;

// The totals that the blocks themselves make.
struct Sums {
  uint64_t bytes = 0;
  uint64_t count = 0;
};

Sums SumBlocks(const Snapshot& snapshot) {
  Sums sums;
  for (const uint64_t bytes : snapshot.blocks.requested_bytes) {
    sums.bytes += bytes;
  }
  for (const uint64_t bytes : snapshot.pool_blocks.requested_bytes) {
    sums.bytes += bytes;
  }
  sums.count = snapshot.blocks.size() + snapshot.pool_blocks.size();
  for (const size_t container : ContainerBlocks(snapshot)) {
    sums.bytes -= snapshot.blocks.requested_bytes[container];
    --sums.count;
  }
  return sums;
}

bool HasProperty(const Snapshot& snapshot, PropertyId id) {
  return snapshot.properties.count(static_cast<uint32_t>(id)) > 0;
}

}  // namespace

uint64_t NumberOf(const Snapshot& snapshot, PropertyId id, uint64_t fallback) {
  const auto found = snapshot.properties.find(static_cast<uint32_t>(id));
  if (found == snapshot.properties.end() || found->second.is_text) {
    return fallback;
  }
  return found->second.number;
}

const std::string& TextOf(const Snapshot& snapshot, PropertyId id) {
  static const std::string* const kNone = new std::string;
  const auto found = snapshot.properties.find(static_cast<uint32_t>(id));
  if (found == snapshot.properties.end() || !found->second.is_text) {
    return *kNone;
  }
  return found->second.text;
}

bool IsExact(const Snapshot& snapshot) {
  return NumberOf(snapshot, PropertyId::exact) != 0;
}

uint64_t EdgeCount(const std::vector<EdgeSection>& sections) {
  uint64_t count = 0;
  for (const EdgeSection& section : sections) {
    count += section.record_count;
  }
  return count;
}

void SortSymbols(std::vector<NodeSymbol>* symbols) {
  const auto is_before = [](const NodeSymbol& a, const NodeSymbol& b) {
    if (a.node != b.node) return Index(a.node) < Index(b.node);
    return a.is_inlined && !b.is_inlined;
  };
  // As our own writers leave them: moving their texts about takes a while.
  if (std::is_sorted(symbols->begin(), symbols->end(), is_before)) return;
  std::stable_sort(symbols->begin(), symbols->end(), is_before);
}

std::vector<size_t> ContainerBlocks(const Snapshot& snapshot) {
  const BlockColumns& blocks = snapshot.blocks;
  std::vector<size_t> containers;
  size_t next = 0;  // first block that starts behind the pool block
  for (const uint64_t address : snapshot.pool_blocks.address) {
    while (next < blocks.size() && blocks.address[next] <= address) ++next;
    if (next == 0) continue;
    const size_t candidate = next - 1;
    const uint64_t offset = address - blocks.address[candidate];
    if (offset >= blocks.requested_bytes[candidate]) continue;
    if (containers.empty() || containers.back() != candidate) {
      containers.push_back(candidate);
    }
  }
  return containers;
}

std::string CheckTotals(const Snapshot& snapshot) {
  if (!HasProperty(snapshot, PropertyId::live_bytes) ||
      NumberOf(snapshot, PropertyId::complete, 1) == 0 ||
      NumberOf(snapshot, PropertyId::sample_mean_bytes) != 0) {
    return "";
  }
  const Sums sums = SumBlocks(snapshot);
  const uint64_t live_bytes = NumberOf(snapshot, PropertyId::live_bytes);
  const uint64_t live_count =
      NumberOf(snapshot, PropertyId::live_count, sums.count);
  if (sums.bytes == live_bytes && sums.count == live_count) return "";
  return absl::StrCat("blocks: they add up to ", sums.bytes, " bytes in ",
                      sums.count, " blocks, but the header says ", live_bytes,
                      " bytes in ", live_count, " blocks");
}

const std::vector<PropertyRow>& PropertyTable() {
  static const auto* const kTable = new std::vector<PropertyRow>{
#define HL_PROPERTY(id, kind, name, meaning) \
  {id, k##kind##Kind, #name, meaning},
#include "heapline/snapshot_properties.def"
  };
  return *kTable;
}

const PropertyRow* FindPropertyById(uint32_t id) {
  const std::vector<PropertyRow>& table = PropertyTable();
  const auto found = std::lower_bound(
      table.begin(), table.end(), id,
      [](const PropertyRow& row, uint32_t wanted) { return row.id < wanted; });
  return found != table.end() && found->id == id ? &*found : nullptr;
}

const PropertyRow* FindPropertyByName(absl::string_view name) {
  for (const PropertyRow& row : PropertyTable()) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

}  // namespace heapline
