// heap_fixture.h: a snapshot in words, for tests of what is made of it:
//
//   HeapBuilder heap;
//   NodeId insert = heap.Call(heap.Thread("main"), "Insert", "/src/a.cc:10");
//   heap.Block(insert, 64);
//
// Symbols stand in the snapshot, so no binary is needed. Not thread-safe.
#ifndef HEAPLINE_TESTS_UNIT_HEAP_FIXTURE_H_
#define HEAPLINE_TESTS_UNIT_HEAP_FIXTURE_H_

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

class HeapBuilder {
 public:
  HeapBuilder() { Node(NodeId{0}, HL_NODE_SPECIAL, HL_SPECIAL_ROOT); }

  NodeId Thread(const std::string& name) {
    const NodeId node = Node(NodeId{0}, HL_NODE_THREAD, 0);
    snapshot_.labels.push_back({node, 0, name});
    return node;
  }
  NodeId Special(NodeId parent, uint64_t special) {
    return Node(parent, HL_NODE_SPECIAL, special);
  }
  // `site` is "file:line", or "" where it is unknown.
  NodeId Call(NodeId parent, const std::string& function,
              const std::string& site, const std::string& module = "/bin/app") {
    next_address_ += 16;
    const NodeId node = Node(parent, HL_NODE_RETURN_ADDRESS, next_address_);
    AddSymbol(node, function, site, module, false);
    return node;
  }
  // The frame that the last Call's function is inlined into.
  void InlinedInto(const std::string& function, const std::string& site) {
    snapshot_.symbols.back().is_inlined = true;
    const NodeSymbol inner = snapshot_.symbols.back();
    AddSymbol(inner.node, function, site, inner.module, false);
  }
  void Block(NodeId node, uint64_t bytes, uint16_t epoch = 1) {
    next_block_ += 1 << 20;
    snapshot_.blocks.address.push_back(next_block_);
    snapshot_.blocks.requested_bytes.push_back(bytes);
    snapshot_.blocks.node.push_back(node);
    snapshot_.blocks.epoch.push_back(epoch);
    live_bytes_ += bytes;
    ++live_count_;
  }
  void Set(PropertyId id, uint64_t number) {
    snapshot_.properties[static_cast<uint32_t>(id)].number = number;
  }
  // The snapshot, with exact totals of its blocks.
  Snapshot Build() {
    Set(PropertyId::live_bytes, live_bytes_);
    Set(PropertyId::live_count, live_count_);
    const size_t count = snapshot_.nodes.size();
    snapshot_.counters.total_count.resize(count);
    snapshot_.counters.total_bytes.resize(count);
    snapshot_.counters.temporary_count.resize(count);
    return snapshot_;
  }

 private:
  NodeId Node(NodeId parent, uint8_t kind, uint64_t address) {
    const NodeId id{static_cast<uint32_t>(snapshot_.nodes.size())};
    snapshot_.nodes.address.push_back(address);
    snapshot_.nodes.parent.push_back(parent);
    snapshot_.nodes.kind.push_back(kind);
    snapshot_.nodes.generation.push_back(0);
    return id;
  }
  void AddSymbol(NodeId node, const std::string& function,
                 const std::string& site, const std::string& module,
                 bool is_inlined) {
    NodeSymbol symbol;
    symbol.node = node;
    symbol.function = function;
    symbol.module = module;
    symbol.is_inlined = is_inlined;
    const size_t colon = site.rfind(':');
    symbol.file = site.substr(0, colon);
    if (colon != std::string::npos) {
      (void)absl::SimpleAtoi(site.substr(colon + 1), &symbol.line);
    }
    snapshot_.symbols.push_back(symbol);
  }

  Snapshot snapshot_;
  uint64_t next_address_ = 0x400000;
  uint64_t next_block_ = 0x10000000;
  uint64_t live_bytes_ = 0;
  uint64_t live_count_ = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_TESTS_UNIT_HEAP_FIXTURE_H_
