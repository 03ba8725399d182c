// The text form to a Snapshot, in two passes over the lines: call-tree nodes
// first, so that every other record's node can be checked where it stands.

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/sections.h"
#include "analyzer/snapshot/text_form.h"
#include "analyzer/snapshot/text_form_graph.h"
#include "analyzer/snapshot/text_line.h"

namespace heapline {
namespace {

constexpr uint64_t kMostU32 = UINT32_MAX;
constexpr uint64_t kMostEpoch = UINT16_MAX;

bool IsHex(absl::string_view digits) {
  return digits.size() % 2 == 0 &&
         std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit);
}

class TextFormParser {
 public:
  TextFormParser(absl::string_view text, absl::string_view name)
      : text_(text), name_(name), graph_(&snapshot_) {
    snapshot_.file = std::string(name);
  }

  absl::StatusOr<Snapshot> Parse();

 private:
  using Handler = void (TextFormParser::*)(TextLine*);
  struct LineKind {
    const char* word;
    Handler handler;
    enum { kFirst, kSecond } pass;
  };
  static absl::Span<const LineKind> LineKinds();
  static const LineKind* FindLineKind(absl::string_view word);

  absl::Status ReadLines(int pass);
  absl::Status ReadLine(absl::string_view text, int pass, size_t number);
  absl::Status UnknownLineKind(absl::string_view word, size_t number) const;
  absl::Status LineProblem(size_t number, absl::string_view what) const;
  absl::Status SortBlocks(absl::string_view what, BlockColumns* blocks) const;

  NodeId TakeNode(TextLine* line, absl::string_view what);
  NodeId TakeNodeOf(TextLine* line, absl::string_view key);
  NodeId CheckedNode(TextLine* line, uint64_t id);
  void ReadSymbolKeys(TextLine* line, NodeSymbol symbol);
  void ReadBlockInto(TextLine* line, BlockColumns* blocks);
  void GrowNodes(size_t count);

  void ReadArchitecture(TextLine* line);
  void ReadProperty(TextLine* line);
  void ReadModule(TextLine* line);
  void ReadThread(TextLine* line);
  void ReadLabel(TextLine* line);
  void ReadNode(TextLine* line);
  void ReadSymbol(TextLine* line);
  void ReadCounter(TextLine* line);
  void ReadBlock(TextLine* line) { ReadBlockInto(line, &snapshot_.blocks); }
  void ReadPoolBlock(TextLine* line) {
    ReadBlockInto(line, &snapshot_.pool_blocks);
  }
  void ReadMappedRegion(TextLine* line) {
    ReadBlockInto(line, &snapshot_.mapped_regions);
  }
  void ReadEpoch(TextLine* line);
  void ReadMapping(TextLine* line);
  void ReadRootRegion(TextLine* line);
  void ReadExpectedDead(TextLine* line);
  void ReadRoot(TextLine* line) { graph_.ReadRoot(line); }
  void ReadEdge(TextLine* line) { graph_.ReadEdge(line); }
  void ReadWeakEdge(TextLine* line) { graph_.ReadWeakEdge(line); }
  void ReadWord(TextLine* line) { graph_.ReadWord(line); }
  void ReadTypeName(TextLine* line) { graph_.ReadTypeName(line); }
  void ReadRootArea(TextLine* line) { graph_.ReadRootArea(line); }
  void ReadSection(TextLine* line);
  void ReadHex(TextLine* line);
  void ReadDamage(TextLine* line);

  const absl::string_view text_;
  const absl::string_view name_;
  Snapshot snapshot_;
  TextFormGraph graph_;
  std::vector<bool> is_defined_;  // by node id
};

absl::Span<const TextFormParser::LineKind> TextFormParser::LineKinds() {
  using P = TextFormParser;
  static constexpr LineKind kKinds[] = {
      {"node", &P::ReadNode, LineKind::kFirst},
      {"architecture", &P::ReadArchitecture, LineKind::kSecond},
      {"property", &P::ReadProperty, LineKind::kSecond},
      {"module", &P::ReadModule, LineKind::kSecond},
      {"thread", &P::ReadThread, LineKind::kSecond},
      {"label", &P::ReadLabel, LineKind::kSecond},
      {"symbol", &P::ReadSymbol, LineKind::kSecond},
      {"counter", &P::ReadCounter, LineKind::kSecond},
      {"block", &P::ReadBlock, LineKind::kSecond},
      {"pool-block", &P::ReadPoolBlock, LineKind::kSecond},
      {"mapped-region", &P::ReadMappedRegion, LineKind::kSecond},
      {"epoch", &P::ReadEpoch, LineKind::kSecond},
      {"mapping", &P::ReadMapping, LineKind::kSecond},
      {"root-region", &P::ReadRootRegion, LineKind::kSecond},
      {"expected-dead", &P::ReadExpectedDead, LineKind::kSecond},
      {"root", &P::ReadRoot, LineKind::kSecond},
      {"edge", &P::ReadEdge, LineKind::kSecond},
      {"weak-edge", &P::ReadWeakEdge, LineKind::kSecond},
      {"word", &P::ReadWord, LineKind::kSecond},
      {"type-name", &P::ReadTypeName, LineKind::kSecond},
      {"root-area", &P::ReadRootArea, LineKind::kSecond},
      {"section", &P::ReadSection, LineKind::kSecond},
      {"hex", &P::ReadHex, LineKind::kSecond},
      {"damage", &P::ReadDamage, LineKind::kSecond},
  };
  return kKinds;
}

const TextFormParser::LineKind* TextFormParser::FindLineKind(
    absl::string_view word) {
  for (const LineKind& kind : LineKinds()) {
    if (word == kind.word) return &kind;
  }
  return nullptr;
}

absl::StatusOr<Snapshot> TextFormParser::Parse() {
  GrowNodes(1);
  is_defined_[0] = true;
  snapshot_.nodes.address[0] = HL_SPECIAL_ROOT;
  for (const int pass : {LineKind::kFirst, LineKind::kSecond}) {
    const absl::Status status = ReadLines(pass);
    if (!status.ok()) return status;
  }
  for (const auto& [what, blocks] :
       {std::make_pair("block", &snapshot_.blocks),
        std::make_pair("pool-block", &snapshot_.pool_blocks),
        std::make_pair("mapped-region", &snapshot_.mapped_regions)}) {
    const absl::Status status = SortBlocks(what, blocks);
    if (!status.ok()) return status;
  }
  SortSymbols(&snapshot_.symbols);
  const std::string twice = graph_.Finish();
  if (!twice.empty()) {
    return Problem(absl::StatusCode::kInvalidArgument, SafeText(name_), twice,
                   "leave one of them");
  }
  return std::move(snapshot_);
}

absl::Status TextFormParser::ReadLines(int pass) {
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text_, '\n')) {
    if (++number == 1) continue;  // the magic
    const absl::Status status = ReadLine(line, pass, number);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status TextFormParser::ReadLine(absl::string_view text, int pass,
                                      size_t number) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || text[0] == '#') return absl::OkStatus();
  const absl::string_view word = text.substr(0, text.find_first_of(" \t"));
  const LineKind* const kind = FindLineKind(word);
  if (kind == nullptr) return UnknownLineKind(word, number);
  if (kind->pass != pass) return absl::OkStatus();
  TextLine line(text.substr(word.size()));
  (this->*kind->handler)(&line);
  const std::string error = line.Error();
  return error.empty() ? absl::OkStatus() : LineProblem(number, error);
}

absl::Status TextFormParser::UnknownLineKind(absl::string_view word,
                                             size_t number) const {
  std::vector<absl::string_view> names;
  for (const LineKind& row : LineKinds()) names.push_back(row.word);
  const std::string nearest = NearestWord(word, names);
  return LineProblem(
      number,
      absl::StrCat("expected the kind of a line",
                   nearest.empty() ? "" : absl::StrCat(" (", nearest, "?)"),
                   ", found ", QuotedText(word.substr(0, 60))));
}

absl::Status TextFormParser::LineProblem(size_t number,
                                         absl::string_view what) const {
  return Problem(absl::StatusCode::kInvalidArgument,
                 absl::StrCat(SafeText(name_), ":", number), what,
                 "docs/snapshot-format.md, \"Text form\", has the grammar");
}

absl::Status TextFormParser::SortBlocks(absl::string_view what,
                                        BlockColumns* blocks) const {
  std::vector<size_t> order(blocks->size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [blocks](size_t a, size_t b) {
    return blocks->address[a] < blocks->address[b];
  });
  BlockColumns sorted;
  for (const size_t i : order) {
    if (!sorted.address.empty() &&
        sorted.address.back() == blocks->address[i]) {
      return Problem(absl::StatusCode::kInvalidArgument, SafeText(name_),
                     absl::StrCat("two ", what, " lines for address 0x",
                                  absl::Hex(blocks->address[i])),
                     "leave one of them");
    }
    sorted.address.push_back(blocks->address[i]);
    sorted.requested_bytes.push_back(blocks->requested_bytes[i]);
    sorted.node.push_back(blocks->node[i]);
    sorted.epoch.push_back(blocks->epoch[i]);
  }
  *blocks = std::move(sorted);
  return absl::OkStatus();
}

NodeId TextFormParser::CheckedNode(TextLine* line, uint64_t id) {
  if (id < is_defined_.size() && is_defined_[id]) {
    return static_cast<NodeId>(id);
  }
  line->Fail("the id of a node line", absl::StrCat(id));
  return NodeId{0};
}

NodeId TextFormParser::TakeNode(TextLine* line, absl::string_view what) {
  return CheckedNode(line, line->TakeNumber(what, kMostU32));
}

NodeId TextFormParser::TakeNodeOf(TextLine* line, absl::string_view key) {
  return CheckedNode(line, line->TakeNumberOf(key, kMostU32, 0));
}

// Nodes between the defined ones stand for what nobody told.
void TextFormParser::GrowNodes(size_t count) {
  NodeColumns& nodes = snapshot_.nodes;
  if (count <= nodes.size()) return;
  nodes.address.resize(count, HL_SPECIAL_UNKNOWN);
  nodes.parent.resize(count, NodeId{0});
  nodes.kind.resize(count, HL_NODE_SPECIAL);
  nodes.generation.resize(count, 0);
  snapshot_.counters.total_count.resize(count, 0);
  snapshot_.counters.total_bytes.resize(count, 0);
  snapshot_.counters.temporary_count.resize(count, 0);
  is_defined_.resize(count, false);
}

void TextFormParser::ReadArchitecture(TextLine* line) {
  snapshot_.architecture =
      static_cast<uint16_t>(line->TakeWordOrNumber(ArchitectureWords()));
}

void TextFormParser::ReadProperty(TextLine* line) {
  const std::string name = line->TakeText("the name of a property");
  const PropertyRow* const row = FindPropertyByName(name);
  const absl::optional<uint64_t> id = ParseNumber(name);
  if (row == nullptr && (!id.has_value() || *id > kMostU32)) {
    std::vector<absl::string_view> names;
    for (const PropertyRow& known : PropertyTable())
      names.push_back(known.name);
    const std::string nearest = NearestWord(name, names);
    line->Fail(nearest.empty()
                   ? "the name of a property"
                   : absl::StrCat("the name of a property (", nearest, "?)"),
               name);
    return;
  }
  const uint32_t property_id =
      row != nullptr ? row->id : static_cast<uint32_t>(*id);
  Property property;
  property.is_text = row != nullptr ? row->is_text : line->NextIsQuoted();
  if (property.is_text) {
    property.text = line->TakeText("the property's text");
  } else {
    property.number =
        line->TakeNumber("the property's value", MostOfProperty(property_id));
  }
  snapshot_.properties[property_id] = std::move(property);
}

void TextFormParser::ReadModule(TextLine* line) {
  Module module;
  module.start = line->TakeNumber("the module's start", kAnyNumber);
  module.end = line->TakeNumber("the module's end", kAnyNumber);
  if (module.end < module.start) {
    line->Fail("an end behind the start", absl::StrCat(module.end));
  }
  module.load_bias = line->TakeSignedOf("bias");
  module.generation = line->TakeNumberOf("generation", kMostU32, 0);
  module.flags = line->TakeFlagsOf("flags", ModuleFlagWords());
  const std::string build_id = line->TakeTextOf("build-id");
  if (!IsHex(build_id)) line->Fail("build-id= and hexadecimal bytes", build_id);
  module.build_id = absl::HexStringToBytes(build_id);
  module.path = line->TakeText("the module's path");
  snapshot_.modules.push_back(std::move(module));
}

void TextFormParser::ReadThread(TextLine* line) {
  Thread thread;
  thread.tid = line->TakeNumber("the thread's id", kAnyNumber);
  thread.flags = line->TakeFlagsOf("flags", ThreadFlagWords());
  thread.node = TakeNodeOf(line, "node");
  thread.stack_pointer = line->TakeNumberOf("sp", kAnyNumber, 0);
  thread.stack_end = line->TakeNumberOf("stack-end", kAnyNumber, 0);
  thread.name = line->TakeText("the thread's name");
  snapshot_.threads.push_back(std::move(thread));
}

void TextFormParser::ReadLabel(TextLine* line) {
  NodeLabel label;
  label.node = TakeNode(line, "the node that is labelled");
  label.address = line->TakeNumberOf("address", kAnyNumber, 0);
  label.name = line->TakeText("the label's text");
  snapshot_.labels.push_back(std::move(label));
}

void TextFormParser::ReadNode(TextLine* line) {
  // Memory is bounded by the text's size: so is the largest id.
  const uint64_t largest = std::min<uint64_t>(text_.size(), HL_MAX_NODES - 1);
  const uint64_t id = line->TakeNumber("the node's id", largest);
  const uint64_t parent = line->TakeNumberOf("parent", kMostU32, 0);
  const uint64_t kind = line->TakeWord(NodeKindWords());
  uint64_t address = 0;
  if (kind == HL_NODE_SPECIAL) {
    address = line->TakeWordOrNumber(SpecialNodeWords());
  } else if (line->HasNext() || kind < HL_NODE_THREAD) {
    address = line->TakeNumber("the node's address", kAnyNumber);
  }
  const uint32_t generation = line->TakeNumberOf("generation", kMostU32, 0);
  if (id == 0) line->Fail("an id above 0 (0 is the root)", "0");
  if (id < is_defined_.size() && is_defined_[id]) {
    line->Fail("an id that no line above has", absl::StrCat(id));
  }
  if (parent >= id) {
    line->Fail("a parent smaller than the node's id", absl::StrCat(parent));
    return;
  }
  GrowNodes(id + 1);
  is_defined_[id] = true;
  snapshot_.nodes.address[id] = address;
  snapshot_.nodes.parent[id] = static_cast<NodeId>(parent);
  snapshot_.nodes.kind[id] = static_cast<uint8_t>(kind);
  snapshot_.nodes.generation[id] = generation;
  if (line->HasKey("at") || line->HasKey("function") ||
      line->HasKey("module")) {
    NodeSymbol symbol;
    symbol.node = static_cast<NodeId>(id);
    ReadSymbolKeys(line, std::move(symbol));
  }
}

void TextFormParser::ReadSymbolKeys(TextLine* line, NodeSymbol symbol) {
  symbol.function = line->TakeTextOf("function");
  symbol.file = line->TakeTextOf("at");
  symbol.module = line->TakeTextOf("module");
  const size_t colon = symbol.file.rfind(':');
  if (colon != std::string::npos) {
    const absl::optional<uint64_t> number =
        ParseNumber(absl::string_view(symbol.file).substr(colon + 1));
    if (number.has_value() && *number <= kMostU32) {
      symbol.line = static_cast<uint32_t>(*number);
      symbol.file.resize(colon);
    }
  }
  snapshot_.symbols.push_back(std::move(symbol));
}

void TextFormParser::ReadSymbol(TextLine* line) {
  NodeSymbol symbol;
  symbol.node = TakeNode(line, "the node that the symbol is of");
  symbol.is_inlined = line->TakeIf("inlined");
  ReadSymbolKeys(line, std::move(symbol));
}

void TextFormParser::ReadCounter(TextLine* line) {
  const uint32_t node = Index(TakeNode(line, "the node that is counted"));
  CounterColumns& counters = snapshot_.counters;
  counters.total_count[node] += line->TakeNumberOf("count", kMaxTotal, 0);
  counters.total_bytes[node] += line->TakeNumberOf("bytes", kMaxTotal, 0);
  counters.temporary_count[node] +=
      line->TakeNumberOf("temporary", kMaxTotal, 0);
}

void TextFormParser::ReadBlockInto(TextLine* line, BlockColumns* blocks) {
  const uint64_t address = line->TakeBlockAddress();
  blocks->address.push_back(address);
  blocks->requested_bytes.push_back(
      line->TakeNumberOf("size", HL_MAX_ADDRESS - address, 0));
  blocks->node.push_back(TakeNodeOf(line, "node"));
  blocks->epoch.push_back(
      static_cast<uint16_t>(line->TakeNumberOf("epoch", kMostEpoch, 0)));
}

void TextFormParser::ReadEpoch(TextLine* line) {
  EpochRecord epoch;
  epoch.epoch = line->TakeNumber("the epoch's number", kAnyNumber);
  epoch.started_ns = line->TakeNumberOf("started_ns", kAnyNumber, 0);
  if (line->HasKey("snapshot")) {
    epoch.snapshot_sequence_plus_1 =
        line->TakeNumberOf("snapshot", kAnyNumber - 1, 0) + 1;
  }
  snapshot_.epochs.push_back(epoch);
}

void TextFormParser::ReadMapping(TextLine* line) {
  Mapping mapping;
  mapping.start = line->TakeNumber("the mapping's start", kAnyNumber);
  mapping.bytes = line->TakeNumberOf("bytes", kAnyNumber, 0);
  mapping.rss_bytes = line->TakeNumberOf("rss", kAnyNumber, 0);
  mapping.flags = line->TakeFlagsOf("flags", MappingFlagWords());
  mapping.path = line->TakeText("the mapping's path");
  snapshot_.mappings.push_back(std::move(mapping));
}

void TextFormParser::ReadRootRegion(TextLine* line) {
  AddressRange range;
  range.start = line->TakeNumber("the region's start", kAnyNumber);
  range.bytes = line->TakeNumberOf("bytes", kAnyNumber, 0);
  snapshot_.root_regions.push_back(range);
}

void TextFormParser::ReadExpectedDead(TextLine* line) {
  ExpectedDead dead;
  dead.address = line->TakeNumber("the block's address", kAnyNumber);
  dead.label = line->TakeText("the label");
  snapshot_.expected_dead.push_back(std::move(dead));
}

void TextFormParser::ReadSection(TextLine* line) {
  OpaqueSection section;
  section.id = line->TakeNumber("the section's id", kMostU32);
  if (IsReadSection(section.id)) {
    line->Fail("the id of a section without lines of its own",
               absl::StrCat(section.id));
  }
  section.record_count = line->TakeNumberOf("records", kAnyNumber, 0);
  snapshot_.opaque_sections.push_back(std::move(section));
}

void TextFormParser::ReadHex(TextLine* line) {
  const std::string digits = line->TakeText("hexadecimal bytes");
  if (snapshot_.opaque_sections.empty()) {
    line->Fail("a section line before hex lines", digits);
    return;
  }
  std::string& bytes = snapshot_.opaque_sections.back().bytes;
  if (!IsHex(digits) ||
      bytes.size() + digits.size() / 2 > HL_MAX_SECTION_BYTES) {
    line->Fail("hexadecimal bytes, in all at most 4 MiB", digits);
    return;
  }
  bytes += absl::HexStringToBytes(digits);
}

void TextFormParser::ReadDamage(TextLine* line) {
  snapshot_.damage.push_back(line->TakeText("what is missing"));
}

}  // namespace

bool IsTextForm(absl::string_view bytes) {
  const absl::string_view magic = HL_TEXT_MAGIC;
  if (!absl::StartsWith(bytes, magic)) return false;
  bytes.remove_prefix(magic.size());
  return bytes.empty() || bytes[0] == '\n' || bytes[0] == '\r';
}

absl::StatusOr<Snapshot> ParseTextForm(absl::string_view text,
                                       absl::string_view name) {
  return TextFormParser(text, name).Parse();
}

}  // namespace heapline
