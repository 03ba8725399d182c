#include "tests/fuzz/report_checks.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "analyzer/analysis/account.h"
#include "analyzer/analysis/growth.h"
#include "analyzer/analysis/node_amounts.h"
#include "analyzer/base/text.h"
#include "analyzer/report/heap_side.h"
#include "analyzer/report/heap_table.h"
#include "analyzer/report/info_text.h"
#include "analyzer/report/json_renderer.h"
#include "analyzer/report/text_renderer.h"
#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/symbolize/string_pool.h"
#include "analyzer/symbolize/symbolizer.h"
#include "tests/fuzz/fuzz_check.h"

namespace heapline {
namespace {

// Names nodes by the snapshot's own symbols, else by their addresses.
class GivenSymbols : public Symbolizer {
 public:
  std::vector<std::vector<SourceFrame>> Symbolize(
      const Snapshot& snapshot, absl::Span<const NodeId> nodes) override {
    std::vector<std::vector<SourceFrame>> frames(nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (const NodeSymbol& symbol : snapshot.symbols) {
        if (symbol.node != nodes[i]) continue;
        frames[i].push_back(
            {texts_.Intern(symbol.function), texts_.Intern(symbol.file),
             texts_.Intern(symbol.module), symbol.line, symbol.is_inlined});
      }
      if (!frames[i].empty()) continue;
      const std::string name = absl::StrCat(
          "0x", absl::Hex(snapshot.nodes.address[Index(nodes[i])]));
      frames[i].push_back(
          {texts_.Intern(name), texts_.Empty(), texts_.Empty(), 0, false});
    }
    return frames;
  }
  std::string FunctionAt(const Snapshot&, uint64_t) override { return ""; }
  std::vector<std::string> Notes() const override { return {}; }

 private:
  StringPool texts_;
};

void CheckAccount(const Account& account) {
  uint64_t sum = 0;
  for (const AccountRow& row : account.rows) sum += row.bytes;
  FUZZ_CHECK(sum == account.rss_bytes, "an account's rows sum to the RSS");
  FUZZ_CHECK(account.BytesOf(AccountKind::kUnexplained) <= account.rss_bytes,
             "no more is unexplained than there is");
}

void CheckBlocks(const BlockColumns& blocks, size_t nodes) {
  FUZZ_CHECK(blocks.requested_bytes.size() == blocks.size() &&
                 blocks.node.size() == blocks.size() &&
                 blocks.epoch.size() == blocks.size(),
             "columns are as long as each other");
  for (size_t i = 0; i < blocks.size(); ++i) {
    FUZZ_CHECK(Index(blocks.node[i]) < nodes, "a block's node is there");
    FUZZ_CHECK(i == 0 || blocks.address[i] > blocks.address[i - 1],
               "blocks ascend by address");
  }
}

void CheckRowsSumToTotal(const HeapRows& rows) {
  Amounts newer;
  Amounts growth;
  for (const HeapRow& row : rows.rows) {
    newer += row.newer;
    growth += row.growth;
  }
  FUZZ_CHECK(newer == rows.newer, "rows sum to the total");
  FUZZ_CHECK(growth == rows.growth, "rows' growths sum to the total's");
}

// What the rows of an exact snapshot must sum to.
void CheckTotalIsTheTracers(const Snapshot& snapshot, const Amounts& total) {
  const auto is_stated = [&snapshot](PropertyId id) {
    return snapshot.properties.count(static_cast<uint32_t>(id)) > 0;
  };
  const Amounts stated = ProcessTotals(snapshot);
  FUZZ_CHECK(!is_stated(PropertyId::live_bytes) ||
                 total.live_bytes == stated.live_bytes,
             "live bytes are the tracer's");
  FUZZ_CHECK(!is_stated(PropertyId::total_count) ||
                 total.total_count == stated.total_count,
             "the total count is the tracer's");
}

void CheckEdges(const std::vector<EdgeSection>& sections) {
  uint64_t found = 0;
  Edge last;
  for (EdgeCursor cursor(sections); cursor.Next(); ++found) {
    const Edge& edge = cursor.edge();
    FUZZ_CHECK(found == 0 || edge.from > last.from ||
                   (edge.from == last.from && edge.offset > last.offset),
               "edges ascend");
    FUZZ_CHECK(edge.from < HL_MAX_ADDRESS && edge.to < HL_MAX_ADDRESS &&
                   edge.offset <= HL_MAX_ADDRESS && edge.offset % 8 == 0,
               "edges are in range");
    last = edge;
  }
  FUZZ_CHECK(found == EdgeCount(sections), "all edges that are kept are sound");
}

void CheckGraph(const Snapshot& snapshot) {
  const RootColumns& roots = snapshot.roots;
  FUZZ_CHECK(roots.owner.size() == roots.size() &&
                 roots.source.size() == roots.size() &&
                 roots.block.size() == roots.size() &&
                 roots.place.size() == roots.size(),
             "columns of roots are as long as each other");
  for (size_t i = 0; i < roots.size(); ++i) {
    FUZZ_CHECK(roots.kind[i] < HL_ROOT_KINDS && roots.block[i] % 16 == 0 &&
                   roots.block[i] < HL_MAX_ADDRESS,
               "a root is of a known kind and refers to a block");
  }
  CheckEdges(snapshot.edges);
  CheckEdges(snapshot.weak_edges);
  const ObjectWordColumns& words = snapshot.object_words;
  FUZZ_CHECK(words.index.size() == words.size() &&
                 words.kind.size() == words.size() &&
                 words.value.size() == words.size(),
             "columns of object words are as long as each other");
  for (size_t i = 0; i < words.size(); ++i) {
    FUZZ_CHECK(words.index[i] < HL_OBJECT_WORDS, "an index is below 8");
    FUZZ_CHECK(i == 0 || words.block[i] > words.block[i - 1] ||
                   (words.block[i] == words.block[i - 1] &&
                    words.index[i] > words.index[i - 1]),
               "object words ascend");
  }
  for (size_t i = 1; i < snapshot.type_names.size(); ++i) {
    FUZZ_CHECK(
        snapshot.type_names[i - 1].address < snapshot.type_names[i].address,
        "type names ascend");
  }
}

bool IsSampled(const Snapshot& snapshot) {
  return NumberOf(snapshot, PropertyId::sample_mean_bytes) > 0;
}

}  // namespace

void CheckSnapshot(const Snapshot& snapshot) {
  const size_t nodes = snapshot.nodes.size();
  FUZZ_CHECK(nodes > 0, "there is a root");
  FUZZ_CHECK(snapshot.nodes.parent.size() == nodes &&
                 snapshot.nodes.kind.size() == nodes &&
                 snapshot.nodes.generation.size() == nodes &&
                 snapshot.counters.total_count.size() == nodes &&
                 snapshot.counters.total_bytes.size() == nodes &&
                 snapshot.counters.temporary_count.size() == nodes,
             "columns of nodes are as long as each other");
  for (size_t node = 1; node < nodes; ++node) {
    FUZZ_CHECK(Index(snapshot.nodes.parent[node]) < node,
               "a parent has a smaller id");
  }
  CheckBlocks(snapshot.blocks, nodes);
  CheckBlocks(snapshot.pool_blocks, nodes);
  CheckBlocks(snapshot.mapped_regions, nodes);
  for (const Thread& thread : snapshot.threads) {
    FUZZ_CHECK(Index(thread.node) < nodes, "a thread's node is there");
  }
  for (const NodeLabel& label : snapshot.labels) {
    FUZZ_CHECK(Index(label.node) < nodes, "a label's node is there");
  }
  for (const NodeSymbol& symbol : snapshot.symbols) {
    FUZZ_CHECK(Index(symbol.node) < nodes, "a symbol's node is there");
  }
  CheckGraph(snapshot);
  CheckAccount(AccountOf(snapshot));
  FUZZ_CHECK(!snapshot.is_whole() || CheckTotals(snapshot).empty(),
             "a whole snapshot adds up");
  for (const std::string& sentence : snapshot.damage) CheckPrintable(sentence);
}

void CheckHeapReports(const Snapshot& older, const Snapshot& newer,
                      const HeapRowOptions& options) {
  GivenSymbols symbols;
  CallStacks stacks(&symbols);
  HeapByStack old_heap;
  HeapByStack new_heap;
  AddSnapshot(older, &stacks, &old_heap);
  AddSnapshot(newer, &stacks, &new_heap);
  const HeapRows live = RowsByKey(new_heap, &stacks, options);
  const HeapRows growth = GrowthByKey(old_heap, new_heap, &stacks, options);
  FUZZ_CHECK(live.newer == growth.newer, "top and diff have one total");
  if (options.counting == Counting::kExclusive) {
    CheckRowsSumToTotal(live);
    CheckRowsSumToTotal(growth);
  }
  if (!IsSampled(newer)) {
    CheckTotalIsTheTracers(newer, live.newer + live.filtered_out);
  }
}

void CheckRenderings(const Snapshot& snapshot, const HeapRowOptions& options) {
  GivenSymbols symbols;
  CallStacks stacks(&symbols);
  HeapSide side;
  ReportRequest request;
  request.rows = options;
  AddRead(snapshot, request, &stacks, &side);
  request.row_limit = 3;
  const HeapRows rows = RowsByKey(side.heap, &stacks, options);
  Document document;
  document.name = "heapline.top";
  document.snapshots = side.snapshots;
  document.notes = side.notes;
  document.asides = {TotalsAside("process", side, rows.newer)};
  Table table = HeapTable(rows, stacks, request, HeapTableKind::kLive);
  Row header;
  header.lines = InfoLines(snapshot);
  header.cells = table.total;
  table.rows.push_back(std::move(header));
  document.body = std::move(table);
  CheckPrintable(RenderText(document, Colors::kOff));
  const nlohmann::json parsed =
      nlohmann::json::parse(RenderJson(document), nullptr, false);
  FUZZ_CHECK(!parsed.is_discarded(), "JSON can be read");
}

void CheckPrintable(absl::string_view text) {
  while (!text.empty()) {
    uint32_t code_point = 0;
    const size_t bytes = Utf8Character(text, &code_point);
    FUZZ_CHECK(bytes > 0, "text is UTF-8");
    FUZZ_CHECK((code_point >= 0x20 || code_point == '\n') &&
                   (code_point < 0x7f || code_point > 0x9f),
               "text has no control characters");
    FUZZ_CHECK((code_point < 0x202a || code_point > 0x202e) &&
                   (code_point < 0x2066 || code_point > 0x2069),
               "text has one direction");
    text.remove_prefix(bytes);
  }
}

}  // namespace heapline
