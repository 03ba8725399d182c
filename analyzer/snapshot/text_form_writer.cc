// A Snapshot to the text form. What the file format counts by itself (the
// written_… properties) is left out of a whole snapshot: it is no fact of the
// process, and the encoder counts again.

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/text_form.h"
#include "analyzer/snapshot/text_form_graph.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

constexpr size_t kHexBytesPerLine = 32;

void AppendNumberOf(std::string* out, absl::string_view key, uint64_t value) {
  if (value != 0) absl::StrAppend(out, " ", key, "=", value);
}

void AppendAddressOf(std::string* out, absl::string_view key, uint64_t value) {
  if (value != 0) absl::StrAppend(out, " ", key, "=", HexNumber(value));
}

void AppendFlags(std::string* out, absl::Span<const ValueWord> words,
                 uint64_t flags) {
  if (flags != 0) absl::StrAppend(out, " flags=", FlagsText(words, flags));
}

void AppendProperties(std::string* out, const Snapshot& snapshot) {
  for (const auto& [id, property] : snapshot.properties) {
    if (snapshot.is_whole() && IsCountedByEncoder(id)) continue;
    const PropertyRow* const row = FindPropertyById(id);
    const bool has_name = row != nullptr && row->is_text == property.is_text;
    absl::StrAppend(out, "property ", has_name ? row->name : absl::StrCat(id),
                    " ",
                    property.is_text ? QuotedText(property.text)
                                     : absl::StrCat(property.number),
                    "\n");
  }
}

void AppendModules(std::string* out, const Snapshot& snapshot) {
  for (const Module& module : snapshot.modules) {
    absl::StrAppend(out, "module ", HexNumber(module.start), " ",
                    HexNumber(module.end));
    if (module.load_bias < 0) {
      absl::StrAppend(out, " bias=-",
                      HexNumber(-static_cast<uint64_t>(module.load_bias)));
    }
    if (module.load_bias > 0) AppendAddressOf(out, "bias", module.load_bias);
    AppendNumberOf(out, "generation", module.generation);
    AppendFlags(out, ModuleFlagWords(), module.flags);
    if (!module.build_id.empty()) {
      absl::StrAppend(out,
                      " build-id=", absl::BytesToHexString(module.build_id));
    }
    absl::StrAppend(out, " ", QuotedText(module.path), "\n");
  }
}

void AppendThreads(std::string* out, const Snapshot& snapshot) {
  for (const Thread& thread : snapshot.threads) {
    absl::StrAppend(out, "thread ", thread.tid);
    AppendFlags(out, ThreadFlagWords(), thread.flags);
    AppendNumberOf(out, "node", Index(thread.node));
    AppendAddressOf(out, "sp", thread.stack_pointer);
    AppendAddressOf(out, "stack-end", thread.stack_end);
    absl::StrAppend(out, " ", QuotedText(thread.name), "\n");
  }
  for (const NodeLabel& label : snapshot.labels) {
    absl::StrAppend(out, "label ", Index(label.node));
    AppendAddressOf(out, "address", label.address);
    absl::StrAppend(out, " ", QuotedText(label.name), "\n");
  }
}

void AppendNodes(std::string* out, const Snapshot& snapshot) {
  const NodeColumns& nodes = snapshot.nodes;
  for (size_t id = 1; id < nodes.size(); ++id) {
    const uint8_t kind = nodes.kind[id];
    absl::StrAppend(out, "node ", id, " parent=", Index(nodes.parent[id]), " ",
                    WordOf(NodeKindWords(), kind), " ",
                    kind == HL_NODE_SPECIAL
                        ? WordOf(SpecialNodeWords(), nodes.address[id])
                        : HexNumber(nodes.address[id]));
    AppendNumberOf(out, "generation", nodes.generation[id]);
    out->push_back('\n');
  }
  for (const NodeSymbol& symbol : snapshot.symbols) {
    absl::StrAppend(out, "symbol ", Index(symbol.node),
                    symbol.is_inlined ? " inlined" : "",
                    " function=", QuotedText(symbol.function));
    if (!symbol.file.empty() || symbol.line != 0) {
      absl::StrAppend(
          out, " at=", QuotedText(absl::StrCat(symbol.file, ":", symbol.line)));
    }
    if (!symbol.module.empty()) {
      absl::StrAppend(out, " module=", QuotedText(symbol.module));
    }
    out->push_back('\n');
  }
}

void AppendCounters(std::string* out, const CounterColumns& counters) {
  for (size_t id = 0; id < counters.total_count.size(); ++id) {
    if (!HasCounts(counters, id)) continue;
    absl::StrAppend(out, "counter ", id);
    AppendNumberOf(out, "count", counters.total_count[id]);
    AppendNumberOf(out, "bytes", counters.total_bytes[id]);
    AppendNumberOf(out, "temporary", counters.temporary_count[id]);
    out->push_back('\n');
  }
}

void AppendBlocks(std::string* out, absl::string_view word,
                  const BlockColumns& blocks) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    absl::StrAppend(out, word, " ", HexNumber(blocks.address[i]),
                    " size=", blocks.requested_bytes[i],
                    " node=", Index(blocks.node[i]));
    AppendNumberOf(out, "epoch", blocks.epoch[i]);
    out->push_back('\n');
  }
}

void AppendEpochs(std::string* out, const Snapshot& snapshot) {
  for (const EpochRecord& epoch : snapshot.epochs) {
    absl::StrAppend(out, "epoch ", epoch.epoch,
                    " started_ns=", epoch.started_ns);
    if (epoch.snapshot_sequence_plus_1 != 0) {
      absl::StrAppend(out, " snapshot=", epoch.snapshot_sequence_plus_1 - 1);
    }
    out->push_back('\n');
  }
}

void AppendRegions(std::string* out, const Snapshot& snapshot) {
  for (const Mapping& mapping : snapshot.mappings) {
    absl::StrAppend(out, "mapping ", HexNumber(mapping.start),
                    " bytes=", mapping.bytes);
    AppendNumberOf(out, "rss", mapping.rss_bytes);
    AppendFlags(out, MappingFlagWords(), mapping.flags);
    absl::StrAppend(out, " ", QuotedText(mapping.path), "\n");
  }
  for (const AddressRange& range : snapshot.root_regions) {
    absl::StrAppend(out, "root-region ", HexNumber(range.start),
                    " bytes=", range.bytes, "\n");
  }
  for (const ExpectedDead& dead : snapshot.expected_dead) {
    absl::StrAppend(out, "expected-dead ", HexNumber(dead.address), " ",
                    QuotedText(dead.label), "\n");
  }
}

void AppendOpaqueSections(std::string* out, const Snapshot& snapshot) {
  for (const OpaqueSection& section : snapshot.opaque_sections) {
    absl::StrAppend(out, "section ", section.id,
                    " records=", section.record_count, "\n");
    absl::string_view rest = section.bytes;
    while (!rest.empty()) {
      const absl::string_view part = rest.substr(0, kHexBytesPerLine);
      absl::StrAppend(out, "hex ", absl::BytesToHexString(part), "\n");
      rest.remove_prefix(part.size());
    }
  }
}

}  // namespace

std::string WriteTextForm(const Snapshot& snapshot) {
  std::string out =
      absl::StrCat(HL_TEXT_MAGIC, "\narchitecture ",
                   WordOf(ArchitectureWords(), snapshot.architecture), "\n");
  AppendProperties(&out, snapshot);
  AppendModules(&out, snapshot);
  AppendThreads(&out, snapshot);
  AppendNodes(&out, snapshot);
  AppendCounters(&out, snapshot.counters);
  AppendEpochs(&out, snapshot);
  AppendBlocks(&out, "block", snapshot.blocks);
  AppendBlocks(&out, "pool-block", snapshot.pool_blocks);
  AppendBlocks(&out, "mapped-region", snapshot.mapped_regions);
  AppendRegions(&out, snapshot);
  AppendGraph(&out, snapshot);
  AppendOpaqueSections(&out, snapshot);
  for (const std::string& sentence : snapshot.damage) {
    absl::StrAppend(&out, "damage ", QuotedText(sentence), "\n");
  }
  return out;
}

}  // namespace heapline
