// snapshot.h: one snapshot in memory, as columns: what a reader produces and
// every analysis takes. Immutable after reading, so any number of threads may
// use it. Indices are checked by the reader: a NodeId, wherever it stands, is
// < nodes.size(), and a node's parent is smaller than its id; nothing behind
// the reader need check again.
//
// Invariant (CheckTotals): the bytes of all blocks that are not containers sum
// to properties[live_bytes] in a file that is whole.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "heapline/snapshot_format.h"

namespace heapline {

enum class NodeId : uint32_t {};
constexpr uint32_t Index(NodeId id) { return static_cast<uint32_t>(id); }

struct Module {
  uint64_t start = 0;  // mapped range [start, end)
  uint64_t end = 0;
  int64_t load_bias = 0;  // run-time minus link-time address
  uint32_t generation = 0;
  uint32_t flags = 0;    // HL_MODULE_…
  std::string build_id;  // raw bytes; empty when the file has none
  std::string path;
};

struct Thread {
  uint64_t tid = 0;
  uint32_t flags = 0;  // HL_THREAD_…
  NodeId node{};
  uint64_t stack_pointer = 0;
  uint64_t stack_end = 0;
  std::string name;
};

// What a thread or scope node stands for.
struct NodeLabel {
  NodeId node{};
  uint64_t address = 0;  // thread: its start routine, or 0
  std::string name;
};

// The call tree; index = NodeId. Node 0 is the root.
struct NodeColumns {
  std::vector<uint64_t> address;
  std::vector<NodeId> parent;
  std::vector<uint8_t> kind;  // HlNodeKind
  std::vector<uint32_t> generation;
  size_t size() const { return address.size(); }
};

// Totals by node; index = NodeId (dense, zero where the file had none).
struct CounterColumns {
  std::vector<uint64_t> total_count;
  std::vector<uint64_t> total_bytes;
  std::vector<uint64_t> temporary_count;
};

// Live blocks by ascending address.
struct BlockColumns {
  std::vector<uint64_t> address;
  std::vector<uint64_t> requested_bytes;
  std::vector<NodeId> node;
  std::vector<uint16_t> epoch;
  size_t size() const { return address.size(); }
};

struct EpochRecord {
  uint64_t epoch = 0;
  uint64_t started_ns = 0;  // since process start
  uint64_t snapshot_sequence_plus_1 = 0;
};

struct AddressRange {
  uint64_t start = 0;
  uint64_t bytes = 0;
};

struct ExpectedDead {
  uint64_t address = 0;
  std::string label;
};

// A frame of a node as the writer resolved it (HL_SECTION_SYMBOLS). Several of
// one node are the frames inlined at its address, innermost first.
struct NodeSymbol {
  NodeId node{};
  uint32_t line = 0;        // 0: unknown
  bool is_inlined = false;  // into the node's next symbol
  std::string function;
  std::string file;
  std::string module;
};

// One line of the process's /proc/self/smaps.
struct Mapping {
  uint64_t start = 0;
  uint64_t bytes = 0;
  uint64_t rss_bytes = 0;
  uint32_t flags = 0;  // HL_MAPPING_…
  std::string path;
};

// Words outside of all blocks that refer to a block (HL_SECTION_ROOTS), in the
// file's order.
struct RootColumns {
  std::vector<uint8_t> kind;     // HlRootKind, < HL_ROOT_KINDS
  std::vector<uint32_t> owner;   // tid, or 0
  std::vector<uint64_t> source;  // address of the word, or register number
  std::vector<uint64_t> block;   // start of the block; need not be known
  std::vector<uint64_t> place;   // bytes into the block that it points
  size_t size() const { return kind.size(); }
};

// The edges of one section, encoded as they are in the file: there may be tens
// of millions. EdgeCursor (edge_cursor.h) reads them; all records are sound.
struct EdgeSection {
  uint64_t record_count = 0;
  std::string bytes;
};

// What a block's first words tell (HL_SECTION_OBJECT_WORDS), by ascending
// block, then index.
struct ObjectWordColumns {
  std::vector<uint64_t> block;  // start of the block; need not be known
  std::vector<uint8_t> index;   // < HL_OBJECT_WORDS
  std::vector<uint8_t> kind;    // HL_WORD_…
  std::vector<uint64_t> value;  // an address; or counts: high << 32 | low
  size_t size() const { return block.size(); }
};

struct TypeName {
  uint64_t address = 0;
  std::string name;
};

// Memory that was searched for roots.
struct RootArea {
  uint8_t kind = 0;    // HlRootKind
  uint32_t owner = 0;  // tid, or 0
  uint64_t start = 0;
  uint64_t bytes = 0;
  uint64_t unreadable_bytes = 0;
};

// A section that this version does not know: kept so that no form loses it.
struct OpaqueSection {
  uint32_t id = 0;
  uint64_t record_count = 0;
  std::string bytes;  // decoded payload
};

// One property of snapshot_properties.def: a number or a text.
struct Property {
  bool is_text = false;
  uint64_t number = 0;
  std::string text;
};

struct Snapshot {
  std::string file;  // where it was read from, for messages and reports
  uint16_t architecture = HL_ARCH_X86_64;
  absl::btree_map<uint32_t, Property> properties;  // by property id
  std::vector<Module> modules;
  std::vector<Thread> threads;
  std::vector<NodeLabel> labels;
  NodeColumns nodes;
  CounterColumns counters;
  BlockColumns blocks;
  BlockColumns pool_blocks;
  BlockColumns mapped_regions;
  std::vector<EpochRecord> epochs;
  std::vector<AddressRange> root_regions;
  std::vector<ExpectedDead> expected_dead;
  std::vector<Mapping> mappings;
  std::vector<NodeSymbol> symbols;  // ascending by node; may be empty
  // The object graph; all empty where property graph is not 1.
  RootColumns roots;
  std::vector<EdgeSection> edges;  // ascending by from, through all sections
  std::vector<EdgeSection> weak_edges;  // likewise; of exact snapshots
  ObjectWordColumns object_words;
  std::vector<TypeName> type_names;  // ascending by address, each once
  std::vector<RootArea> root_areas;
  std::vector<OpaqueSection> opaque_sections;

  // What a damaged file lost: one sentence each, empty for a whole file
  // ("blocks: section at byte 8192 has a wrong checksum: 51 records left out").
  std::vector<std::string> damage;
  bool is_whole() const { return damage.empty(); }
};

// Property ids by name: kLiveBytes is the id of live_bytes, and so on.
enum class PropertyId : uint32_t {
#define HL_PROPERTY(id, kind, name, meaning) name = id,
#include "heapline/snapshot_properties.def"
};

// The property's number, or `fallback` where the file has none.
uint64_t NumberOf(const Snapshot& snapshot, PropertyId id,
                  uint64_t fallback = 0);
// The property's text, or "" where the file has none.
const std::string& TextOf(const Snapshot& snapshot, PropertyId id);

// Records in all of the sections.
uint64_t EdgeCount(const std::vector<EdgeSection>& sections);

// Written by the program itself (property exact).
bool IsExact(const Snapshot& snapshot);

// Ascending by node; a node's inlined frames come first, else in the order in
// which they stand.
void SortSymbols(std::vector<NodeSymbol>* symbols);

// Indices into snapshot.blocks, ascending, of the blocks that contain a pool
// block: containers, which count with no bytes.
std::vector<size_t> ContainerBlocks(const Snapshot& snapshot);

// One sentence where the blocks do not add up to the properties live_bytes and
// live_count (the invariant above), "" where they do or the file cannot say:
// no such property, sampling, or `complete` 0.
std::string CheckTotals(const Snapshot& snapshot);

struct PropertyRow {
  uint32_t id;
  bool is_text;
  const char* name;
  const char* meaning;
};
// All rows of snapshot_properties.def, by id.
const std::vector<PropertyRow>& PropertyTable();
// The row, or nullptr where there is none.
const PropertyRow* FindPropertyById(uint32_t id);
const PropertyRow* FindPropertyByName(absl::string_view name);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_H_
