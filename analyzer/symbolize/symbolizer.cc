#include "analyzer/symbolize/symbolizer.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/base_name.h"
#include "analyzer/snapshot/text_words.h"
#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/module_map.h"
#include "analyzer/symbolize/module_symbols.h"
#include "analyzer/symbolize/perf_map.h"
#include "analyzer/symbolize/string_pool.h"
#include "analyzer/symbolize/symbol_cache.h"

namespace heapline {
namespace {

// An address of code and which side of the minus-one rule it is on.
struct CodeAddress {
  uint64_t address = 0;
  bool is_return_address = false;

  // A return address may be the first byte of the next line or function; the
  // call itself ends one byte before.
  uint64_t LookupAddress() const {
    return is_return_address && address > 0 ? address - 1 : address;
  }
};

bool IsCode(uint8_t kind) {
  return kind == HL_NODE_RETURN_ADDRESS || kind == HL_NODE_GUESSED ||
         kind == HL_NODE_INSTRUCTION_POINTER;
}

CodeAddress CodeAddressOf(const Snapshot& snapshot, NodeId node) {
  return {snapshot.nodes.address[Index(node)],
          snapshot.nodes.kind[Index(node)] != HL_NODE_INSTRUCTION_POINTER};
}

absl::string_view SpecialName(uint64_t special) {
  switch (special) {
    case HL_SPECIAL_ROOT:
      return "<root>";
    case HL_SPECIAL_NO_STACK:
      return "<no stack>";
    case HL_SPECIAL_TRUNCATED:
      return "<truncated>";
    case HL_SPECIAL_UNSAMPLED:
      return "<unsampled>";
    case HL_SPECIAL_DROPPED:
      return "<dropped>";
    default:
      return "<unknown>";
  }
}

class ElfSymbolizer : public Symbolizer {
 public:
  explicit ElfSymbolizer(const SymbolizerOptions& options)
      : options_(options),
        search_(options.debug_directories, options.sysroot),
        cache_(options.cache_directory) {}

  std::vector<std::vector<SourceFrame>> Symbolize(
      const Snapshot& snapshot, absl::Span<const NodeId> nodes) override;
  std::string FunctionAt(const Snapshot& snapshot, uint64_t address) override;
  std::vector<std::string> Notes() const override;

 private:
  // Link-time lookup addresses wanted of each module of a snapshot.
  using AddressesByModule =
      absl::flat_hash_map<uint32_t, std::vector<uint64_t>>;
  using LabelByNode = absl::flat_hash_map<uint32_t, const NodeLabel*>;

  ModuleSymbols* SymbolsOf(const Module& module);
  void ResolveAll(const Snapshot& snapshot, AddressesByModule* wanted);
  std::vector<SourceFrame> CodeFrames(const Snapshot& snapshot,
                                      CodeAddress code, uint32_t module);
  SourceFrame UnknownFrame(const Snapshot& snapshot, CodeAddress code,
                           uint32_t module);
  SourceFrame NamedFrame(absl::string_view name);
  SourceFrame LabelFrame(const Snapshot& snapshot,
                         const LabelByNode& label_by_node, NodeId node);
  std::vector<SourceFrame> GivenFrames(const Snapshot& snapshot, NodeId node);
  const PerfMap& PerfMapOf(const Snapshot& snapshot);
  const std::string* MappedPath(const std::string* path);

  const SymbolizerOptions options_;
  StringPool texts_;
  DebugFileSearch search_;
  SymbolCache cache_;
  // By build-id and path, with a zero byte between.
  absl::node_hash_map<std::string, std::unique_ptr<ModuleSymbols>> modules_;
  absl::flat_hash_map<uint64_t, PerfMap> perf_map_by_pid_;
  absl::flat_hash_map<const std::string*, const std::string*> mapped_paths_;
};

ModuleSymbols* ElfSymbolizer::SymbolsOf(const Module& module) {
  std::string key = module.build_id;
  key.push_back('\0');
  key += module.path;
  std::unique_ptr<ModuleSymbols>& symbols = modules_[key];
  if (symbols == nullptr) {
    symbols = std::make_unique<ModuleSymbols>(
        module, &search_, options_.use_cache ? &cache_ : nullptr, &texts_);
  }
  return symbols.get();
}

void ElfSymbolizer::ResolveAll(const Snapshot& snapshot,
                               AddressesByModule* wanted) {
  // In the order of the file, so that notes and cache are the same each time.
  for (uint32_t i = 0; i < snapshot.modules.size(); ++i) {
    auto found = wanted->find(i);
    if (found == wanted->end()) continue;
    std::vector<uint64_t>& addresses = found->second;
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()),
                    addresses.end());
    SymbolsOf(snapshot.modules[i])->Resolve(addresses);
  }
}

uint64_t LinkAddress(const Module& module, uint64_t address) {
  return address - static_cast<uint64_t>(module.load_bias);
}

std::vector<std::vector<SourceFrame>> ElfSymbolizer::Symbolize(
    const Snapshot& snapshot, absl::Span<const NodeId> nodes) {
  const ModuleMap map(snapshot);
  std::vector<std::vector<SourceFrame>> result(nodes.size());
  std::vector<uint32_t> module_of(nodes.size(), kNoModule);
  AddressesByModule wanted;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodeId node = nodes[i];
    if (!snapshot.symbols.empty()) result[i] = GivenFrames(snapshot, node);
    if (!result[i].empty() || !IsCode(snapshot.nodes.kind[Index(node)]))
      continue;
    const uint64_t address = CodeAddressOf(snapshot, node).LookupAddress();
    module_of[i] =
        map.ModuleAt(address, snapshot.nodes.generation[Index(node)]);
    if (module_of[i] != kNoModule) {
      wanted[module_of[i]].push_back(
          LinkAddress(snapshot.modules[module_of[i]], address));
    }
  }
  ResolveAll(snapshot, &wanted);
  LabelByNode label_by_node;
  for (const NodeLabel& label : snapshot.labels)
    label_by_node.try_emplace(Index(label.node), &label);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!result[i].empty()) continue;
    const uint8_t kind = snapshot.nodes.kind[Index(nodes[i])];
    if (IsCode(kind)) {
      result[i] =
          CodeFrames(snapshot, CodeAddressOf(snapshot, nodes[i]), module_of[i]);
    } else if (kind == HL_NODE_THREAD || kind == HL_NODE_SCOPE) {
      result[i] = {LabelFrame(snapshot, label_by_node, nodes[i])};
    } else {
      result[i] = {
          NamedFrame(kind == HL_NODE_SPECIAL
                         ? SpecialName(snapshot.nodes.address[Index(nodes[i])])
                         : "<unknown>")};
    }
  }
  return result;
}

std::vector<SourceFrame> ElfSymbolizer::CodeFrames(const Snapshot& snapshot,
                                                   CodeAddress code,
                                                   uint32_t module) {
  std::vector<SourceFrame> frames;
  if (module == kNoModule) {
    const absl::string_view function =
        PerfMapOf(snapshot).FunctionAt(code.LookupAddress());
    if (!function.empty()) return {NamedFrame(function)};
    return {UnknownFrame(snapshot, code, module)};
  }
  const Module& place = snapshot.modules[module];
  const std::string* module_path = texts_.Intern(place.path);
  const absl::Span<const KnownFrame> known =
      SymbolsOf(place)->FramesAt(LinkAddress(place, code.LookupAddress()));
  frames.reserve(std::max<size_t>(known.size(), 1));
  for (const KnownFrame& frame : known) {
    SourceFrame shown;
    shown.function = frame.function->empty()
                         ? UnknownFrame(snapshot, code, module).function
                         : frame.function;
    shown.file = MappedPath(frame.file);
    shown.module = module_path;
    shown.line = frame.line;
    shown.is_inlined = frames.size() + 1 < known.size();
    frames.push_back(shown);
  }
  if (frames.empty()) frames.push_back(UnknownFrame(snapshot, code, module));
  return frames;
}

SourceFrame ElfSymbolizer::UnknownFrame(const Snapshot& snapshot,
                                        CodeAddress code, uint32_t module) {
  if (module == kNoModule) return NamedFrame(HexNumber(code.address));
  const Module& place = snapshot.modules[module];
  const absl::string_view name = BaseName(place.path);
  SourceFrame frame =
      NamedFrame(absl::StrCat(name.empty() ? "<unnamed>" : name, "+0x",
                              absl::Hex(LinkAddress(place, code.address))));
  frame.module = texts_.Intern(place.path);
  return frame;
}

SourceFrame ElfSymbolizer::NamedFrame(absl::string_view name) {
  SourceFrame frame;
  frame.function = texts_.Intern(name);
  frame.file = texts_.Empty();
  frame.module = texts_.Empty();
  return frame;
}

SourceFrame ElfSymbolizer::LabelFrame(const Snapshot& snapshot,
                                      const LabelByNode& label_by_node,
                                      NodeId node) {
  const bool is_thread = snapshot.nodes.kind[Index(node)] == HL_NODE_THREAD;
  const absl::string_view what = is_thread ? "thread" : "scope";
  auto found = label_by_node.find(Index(node));
  if (found == label_by_node.end() || found->second->name.empty())
    return NamedFrame(absl::StrCat("<", what, ">"));
  return NamedFrame(absl::StrCat("<", what, " ", found->second->name, ">"));
}

std::vector<SourceFrame> ElfSymbolizer::GivenFrames(const Snapshot& snapshot,
                                                    NodeId node) {
  std::vector<SourceFrame> frames;
  auto symbol = std::lower_bound(
      snapshot.symbols.begin(), snapshot.symbols.end(), node,
      [](const NodeSymbol& a, NodeId b) { return Index(a.node) < Index(b); });
  for (; symbol != snapshot.symbols.end() && symbol->node == node; ++symbol) {
    SourceFrame frame =
        NamedFrame(symbol->function.empty() ? "<unknown>" : symbol->function);
    frame.file = MappedPath(texts_.Intern(symbol->file));
    frame.module = texts_.Intern(symbol->module);
    frame.line = symbol->line;
    frame.is_inlined = symbol->is_inlined;
    frames.push_back(frame);
  }
  return frames;
}

const PerfMap& ElfSymbolizer::PerfMapOf(const Snapshot& snapshot) {
  const uint64_t process_id = NumberOf(snapshot, PropertyId::pid);
  auto inserted = perf_map_by_pid_.try_emplace(process_id);
  if (inserted.second && process_id != 0) {
    inserted.first->second =
        PerfMap::Read(absl::StrCat(options_.sysroot, "/tmp"), process_id,
                      NumberOf(snapshot, PropertyId::start_time_ns));
  }
  return inserted.first->second;
}

const std::string* ElfSymbolizer::MappedPath(const std::string* path) {
  if (options_.path_map.empty()) return path;
  auto inserted = mapped_paths_.try_emplace(path, path);
  if (!inserted.second) return inserted.first->second;
  const std::pair<std::string, std::string>* best = nullptr;
  for (const auto& rule : options_.path_map) {
    const std::string& old_prefix = rule.first;
    const bool is_whole_names =
        absl::StartsWith(*path, old_prefix) &&
        (old_prefix.empty() || old_prefix.back() == '/' ||
         path->size() == old_prefix.size() ||
         (*path)[old_prefix.size()] == '/');
    if (is_whole_names && !path->empty() &&
        (best == nullptr || old_prefix.size() > best->first.size())) {
      best = &rule;
    }
  }
  if (best != nullptr) {
    inserted.first->second = texts_.Intern(
        absl::StrCat(best->second, path->substr(best->first.size())));
  }
  return inserted.first->second;
}

std::string ElfSymbolizer::FunctionAt(const Snapshot& snapshot,
                                      uint64_t address) {
  const ModuleMap map(snapshot);
  const uint32_t index = map.LatestModuleAt(address);
  if (index == kNoModule)
    return std::string(PerfMapOf(snapshot).FunctionAt(address));
  const Module& module = snapshot.modules[index];
  // All start routines at once: the next question is likely for another one.
  AddressesByModule wanted;
  wanted[index].push_back(LinkAddress(module, address));
  for (const NodeLabel& label : snapshot.labels) {
    const uint32_t place =
        label.address == 0 ? kNoModule : map.LatestModuleAt(label.address);
    if (place != kNoModule) {
      wanted[place].push_back(
          LinkAddress(snapshot.modules[place], label.address));
    }
  }
  ResolveAll(snapshot, &wanted);
  const absl::Span<const KnownFrame> frames =
      SymbolsOf(module)->FramesAt(LinkAddress(module, address));
  return frames.empty() ? "" : *frames.back().function;
}

std::vector<std::string> ElfSymbolizer::Notes() const {
  std::vector<std::string> notes;
  for (const auto& entry : modules_) {
    for (const std::string& note : entry.second->notes()) notes.push_back(note);
  }
  std::sort(notes.begin(), notes.end());
  notes.erase(std::unique(notes.begin(), notes.end()), notes.end());
  return notes;
}

}  // namespace

std::unique_ptr<Symbolizer> Symbolizer::Create(
    const SymbolizerOptions& options) {
  return std::make_unique<ElfSymbolizer>(options);
}

}  // namespace heapline
