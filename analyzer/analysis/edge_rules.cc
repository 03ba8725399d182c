// Invariant: patterns are matched once a type or call-tree node, never once an
// object.
#include "analyzer/analysis/edge_rules.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/analysis/python_objects.h"
#include "analyzer/base/glob.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

using Offsets = std::vector<uint64_t>;

// Takes the next word off a line; a word in quotes may hold blanks.
std::string TakeWord(absl::string_view* line) {
  *line = absl::StripLeadingAsciiWhitespace(*line);
  const bool is_quoted = absl::ConsumePrefix(line, "\"");
  const size_t end = is_quoted ? line->find('"') : line->find_first_of(" \t\r");
  const std::string word(line->substr(0, end));
  line->remove_prefix(end == absl::string_view::npos ? line->size() : end + 1);
  return word;
}

bool ParseOffset(absl::string_view text, uint64_t* offset) {
  absl::ConsumePrefix(&text, "+");
  const bool is_number = absl::StartsWith(text, "0x")
                             ? absl::SimpleHexAtoi(text, offset)
                             : absl::SimpleAtoi(text, offset);
  return is_number && *offset % 8 == 0;
}

absl::Status BadLine(absl::string_view name, size_t line,
                     absl::string_view found) {
  return Problem(absl::StatusCode::kInvalidArgument,
                 absl::StrCat("reading edge rules ", name),
                 absl::StrCat("line ", line, ": ", found),
                 "write: weak|count type|site PATTERN +OFFSET");
}

absl::StatusOr<EdgeRule> ParseLine(absl::string_view line,
                                   absl::string_view name, size_t number) {
  const std::string what = TakeWord(&line);
  const std::string where = TakeWord(&line);
  EdgeRule rule;
  rule.pattern = TakeWord(&line);
  const std::string offset = TakeWord(&line);
  if (what != "weak" && what != "count") {
    return BadLine(name, number, SafeText(absl::StrCat("no rule ", what)));
  }
  if (where != "type" && where != "site") {
    return BadLine(name, number,
                   SafeText(absl::StrCat("neither type nor site: ", where)));
  }
  rule.what = what == "weak" ? EdgeRule::What::kWeak : EdgeRule::What::kCount;
  rule.where =
      where == "type" ? EdgeRule::Where::kType : EdgeRule::Where::kSite;
  if (rule.pattern.empty() || !ParseOffset(offset, &rule.offset)) {
    return BadLine(
        name, number,
        SafeText(absl::StrCat("no pattern with a word's offset: ", offset)));
  }
  return rule;
}

// Offsets that rules of one kind give, by type and by call-tree node.
class Matcher {
 public:
  Matcher(const std::vector<EdgeRule>& rules, EdgeRule::What what,
          const std::function<std::string(NodeId)>& site_of,
          const ObjectTypes& types)
      : types_(types), site_of_(site_of) {
    for (const EdgeRule& rule : rules) {
      if (rule.what != what) continue;
      (rule.where == EdgeRule::Where::kType ? by_type_ : by_site_)
          .push_back(&rule);
    }
    for (const std::string& name : types.names) {
      of_type_.push_back(Matching(by_type_, name));
    }
  }

  // Of the object's words, from where it begins.
  const Offsets& OfType(Vertex v) const { return of_type_[types_.Of(v)]; }
  const Offsets& OfSite(NodeId node) {
    static const auto* const none = new Offsets;
    if (by_site_.empty()) return *none;
    const auto [row, is_new] = of_site_.try_emplace(Index(node));
    if (is_new) row->second = Matching(by_site_, site_of_(node));
    return row->second;
  }
  bool is_empty() const { return by_type_.empty() && by_site_.empty(); }

 private:
  static Offsets Matching(const std::vector<const EdgeRule*>& rules,
                          const std::string& name) {
    Offsets offsets;
    if (name.empty()) return offsets;
    for (const EdgeRule* rule : rules) {
      if (GlobMatches(rule->pattern, name)) offsets.push_back(rule->offset);
    }
    return offsets;
  }

  const ObjectTypes& types_;
  const std::function<std::string(NodeId)>& site_of_;
  std::vector<const EdgeRule*> by_type_, by_site_;
  std::vector<Offsets> of_type_;                    // by TypeId
  absl::flat_hash_map<uint32_t, Offsets> of_site_;  // by NodeId
};

bool Has(const Offsets& offsets, uint64_t offset) {
  return std::find(offsets.begin(), offsets.end(), offset) != offsets.end();
}

// What each weak reference object of CPython watches.
absl::flat_hash_map<Vertex, Vertex> WatchedObjects(const ObjectTypes& types,
                                                   const ObjectGraph& graph) {
  constexpr uint64_t kWatched = 16;
  absl::flat_hash_map<Vertex, Vertex> watched;
  for (const ObjectTypes::PythonObject& object : types.python) {
    if (object.kind != PythonKind::kWeakref) continue;
    const Digraph edges = graph.edges();
    for (const uint32_t e : edges.EdgesOf(object.object)) {
      if (graph.Offset(e) == object.place * uint64_t{8} + kWatched) {
        watched[object.object] = edges.target[e];
      }
    }
  }
  return watched;
}

// The array in which CPython 3.11 keeps an instance's attributes. The first
// word of the instance's block points at it, behind words of the array's own
// that are not always written; whatever else points at it owns nothing.
struct AttributeArray {
  Vertex owner = kNoVertex;
  uint64_t prefix_bytes = 0;
};

absl::flat_hash_map<Vertex, AttributeArray> AttributeArrays(
    const ObjectTypes& types, const ObjectGraph& graph) {
  constexpr Place kManaged = 4;
  absl::flat_hash_map<Vertex, AttributeArray> arrays;
  const Digraph edges = graph.edges();
  for (const ObjectTypes::PythonObject& object : types.python) {
    if (object.place != kManaged) continue;
    const uint32_t first = edges.begin[object.object];
    if (first == edges.begin[object.object + 1] || graph.Offset(first) != 0 ||
        graph.PlaceOf(first) == kStart || graph.PlaceOf(first) >= kOnePastEnd) {
      continue;
    }
    arrays[edges.target[first]] = {object.object,
                                   uint64_t{graph.PlaceOf(first)} * 8};
  }
  return arrays;
}

// Whether a word of a text or a number refers to memory of its own: a string's
// other encodings, an array of bytes.
bool IsOwnMemory(uint64_t offset, const ObjectTypes::PythonObject* to) {
  constexpr uint64_t kHeadBytes = 80;
  return offset < kHeadBytes && to == nullptr;
}

void AddCounts(Matcher* matcher, const ObjectGraph& graph, ObjectTypes* types) {
  if (matcher->is_empty()) return;
  std::vector<ReferenceCount> added;
  ForEachObjectWords(graph, [&](Vertex v, const ObjectWords& words) {
    for (const Offsets* offsets :
         {&matcher->OfType(v), &matcher->OfSite(graph.CallNode(v))}) {
      for (const uint64_t offset : *offsets) {
        if (offset / 8 >= words.size() ||
            words[offset / 8].kind != HL_WORD_COUNTS ||
            types->CountOf(v) != nullptr) {
          continue;
        }
        added.push_back({v, kStart, words[offset / 8].value & UINT32_MAX});
        return;
      }
    }
  });
  types->counts.insert(types->counts.end(), added.begin(), added.end());
  std::sort(types->counts.begin(), types->counts.end(),
            [](const ReferenceCount& a, const ReferenceCount& b) {
              return a.object < b.object;
            });
}

}  // namespace

std::vector<EdgeRule> ShippedEdgeRules() {
  return {
#define HL_EDGE_RULE(what, where, pattern, offset, why) \
  {EdgeRule::What::k##what, EdgeRule::Where::k##where, pattern, offset},
#include "analyzer/analysis/edge_rules.def"
  };
}

absl::StatusOr<std::vector<EdgeRule>> TryParseEdgeRules(
    absl::string_view text, absl::string_view name) {
  std::vector<EdgeRule> rules;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const absl::StatusOr<EdgeRule> rule = ParseLine(line, name, number);
    if (!rule.ok()) return rule.status();
    rules.push_back(*rule);
  }
  return rules;
}

absl::StatusOr<std::vector<EdgeRule>> TryReadEdgeRules(
    const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return Problem(absl::StatusCode::kNotFound,
                   absl::StrCat("reading edge rules ", path),
                   "it cannot be read, or is empty", "check its name");
  }
  return TryParseEdgeRules(text.str(), path);
}

void ApplyEdgeRules(const std::vector<EdgeRule>& rules, CollectorLinks links,
                    const std::function<std::string(NodeId)>& site_of,
                    ObjectTypes* types, ObjectGraph* graph) {
  Matcher counts(rules, EdgeRule::What::kCount, site_of, *types);
  AddCounts(&counts, *graph, types);
  Matcher weak(rules, EdgeRule::What::kWeak, site_of, *types);
  const bool has_links =
      links == CollectorLinks::kWeak && !types->python.empty();
  absl::flat_hash_map<Vertex, Vertex> watched;
  absl::flat_hash_map<Vertex, AttributeArray> arrays;
  if (has_links) {
    watched = WatchedObjects(*types, *graph);
    arrays = AttributeArrays(*types, *graph);
  }
  // Of the object whose words are asked for: they follow each other.
  Vertex last = kNoVertex;
  const ObjectTypes::PythonObject* python = nullptr;
  const Offsets* by_type = nullptr;
  const Offsets* by_site = nullptr;
  graph->Reclassify([&](const ObjectGraph::Reference& reference) {
    const Vertex from = reference.from;
    if (from != kNoVertex) {
      if (from != last) {
        last = from;
        python = types->python.empty() ? nullptr : types->PythonAt(from);
        by_type = &weak.OfType(from);
        by_site = &weak.OfSite(graph->CallNode(from));
      }
      const uint64_t begin =
          python == nullptr ? 0 : uint64_t{python->place} * 8;
      // The two words before the object are the collector's.
      if (has_links && python != nullptr && reference.offset < begin &&
          reference.offset + 16 >= begin) {
        return ReferenceClass::kWeak;
      }
      if ((reference.offset >= begin &&
           Has(*by_type, reference.offset - begin)) ||
          Has(*by_site, reference.offset)) {
        return ReferenceClass::kWeak;
      }
      const auto row = watched.find(reference.to);
      if (row != watched.end() && row->second == from) {
        return ReferenceClass::kWeak;
      }
      const auto array = arrays.find(from);
      if (array != arrays.end() &&
          reference.offset < array->second.prefix_bytes) {
        return ReferenceClass::kWeak;
      }
    }
    const auto array = arrays.find(reference.to);
    if (array != arrays.end() && array->second.owner != from) {
      return ReferenceClass::kWeak;
    }
    if (has_links) {
      const ObjectTypes::PythonObject* const to = types->PythonAt(reference.to);
      if (from != kNoVertex && python != nullptr &&
          python->kind == PythonKind::kPlain &&
          !IsOwnMemory(reference.offset, to)) {
        return ReferenceClass::kWeak;
      }
      // To the head, not the object: a link of the collector's lists.
      if (to != nullptr && to->place != kStart &&
          (reference.place == to->place - 2 || reference.place == kStart)) {
        return ReferenceClass::kWeak;
      }
    }
    return reference.now == ReferenceClass::kInterior &&
                   types->IsStart(reference.to, reference.place)
               ? ReferenceClass::kExact
               : reference.now;
  });
}

}  // namespace heapline
