// Invariant: roots are visited by kind, owner and address, so groups are made
// in that order and a symbol is asked for once a word.
#include "analyzer/analysis/root_groups.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/analysis/reachability.h"
#include "analyzer/base/base_name.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

std::string ThreadName(const Snapshot& snapshot, uint32_t tid) {
  for (const Thread& thread : snapshot.threads) {
    if (thread.tid != tid) continue;
    return absl::StrCat("thread ",
                        thread.name.empty() ? absl::StrCat(tid) : thread.name);
  }
  return tid == 0 ? "a thread" : absl::StrCat("thread ", tid);
}

// What a word outside of threads belongs to.
std::string PlaceName(const Snapshot& snapshot, uint64_t address,
                      DataSymbols* symbols) {
  const DataSymbol symbol = symbols->At(address);
  if (!symbol.name.empty()) return symbol.name;
  if (symbol.module != kNoModule) {
    const Module& module = snapshot.modules[symbol.module];
    return absl::StrCat(
        BaseName(module.path), "+",
        HexNumber(address - static_cast<uint64_t>(module.load_bias)));
  }
  for (const RootArea& area : snapshot.root_areas) {
    if (address >= area.start && address - area.start < area.bytes) {
      return absl::StrCat(HexNumber(area.start), " (", area.bytes, " bytes)");
    }
  }
  return HexNumber(address);
}

bool IsOfThread(uint8_t kind) {
  return kind == HL_ROOT_TLS || kind == HL_ROOT_THREAD ||
         IsStackOrRegister(kind);
}

}  // namespace

std::string HolderText(const RootGroup& group) {
  switch (group.kind) {
    case HL_ROOT_TLS:
      return absl::StrCat("TLS of ", group.name);
    case HL_ROOT_THREAD:
      return absl::StrCat("descriptor of ", group.name);
    case HL_ROOT_REGISTER:
      return absl::StrCat("registers of ", group.name);
    case HL_ROOT_STACK:
      return absl::StrCat("stack of ", group.name);
    default:
      return absl::StrCat(WordOf(RootKindWords(), group.kind), " ", group.name);
  }
}

RootGroups GroupRoots(const ObjectGraph& graph, DataSymbols* symbols) {
  const std::vector<RootReference>& roots = graph.roots();
  const Snapshot& snapshot = graph.snapshot();
  std::vector<uint32_t> order(roots.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto key_of = [&](uint32_t i) {
    return std::make_tuple(roots[i].kind, roots[i].owner, roots[i].source, i);
  };
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return key_of(a) < key_of(b); });
  RootGroups result;
  result.of_root.resize(roots.size());
  absl::flat_hash_map<std::string, uint32_t> by_key;  // kind, then name
  absl::flat_hash_map<uint64_t, uint32_t> by_thread;  // tid << 8 | kind
  for (const uint32_t i : order) {
    const RootReference& root = roots[i];
    uint32_t next = static_cast<uint32_t>(result.groups.size());
    if (IsOfThread(root.kind)) {
      const uint64_t key = uint64_t{root.owner} << 8 | root.kind;
      const auto [row, is_new] = by_thread.try_emplace(key, next);
      if (is_new) {
        result.groups.push_back({root.kind, ThreadName(snapshot, root.owner)});
      }
      result.of_root[i] = row->second;
      continue;
    }
    std::string name = PlaceName(snapshot, root.source, symbols);
    const auto [row, is_new] = by_key.try_emplace(
        absl::StrCat(WordOf(RootKindWords(), root.kind), " ", name), next);
    if (is_new) result.groups.push_back({root.kind, std::move(name)});
    result.of_root[i] = row->second;
  }
  return result;
}

}  // namespace heapline
