// Invariant: a block is found at most once, at the first place that fits.
#include "analyzer/analysis/python_objects.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "analyzer/base/base_name.h"

namespace heapline {
namespace {

constexpr Place kPlaces[] = {0, 2, 4};
// A class of a class of a class: deeper metaclasses are not looked for.
constexpr int kMostRounds = 4;

bool IsInterpreter(const Module& module) {
  const absl::string_view name = BaseName(module.path);
  return absl::StartsWith(name, "libpython") ||
         absl::StartsWith(name, "python");
}

// A block whose words would make an object, if its type were one.
struct Candidate {
  Vertex object;
  Place place;
  Vertex type;       // the block that its type word refers to
  Place type_place;  // and where
  uint64_t count;
};

class PythonFinder {
 public:
  explicit PythonFinder(const ObjectGraph& graph) : graph_(graph) {
    for (const Module& module : graph.snapshot().modules) {
      if (IsInterpreter(module)) interpreters_.push_back(&module);
    }
    for (const TypeName& type : graph.snapshot().type_names) {
      names_.emplace(type.address, &type.name);
    }
  }

  std::vector<PythonFinding> Run() {
    if (interpreters_.empty() && names_.empty()) return {};
    ForEachObjectWords(graph_, [this](Vertex v, const ObjectWords& words) {
      LookAt(v, words);
    });
    for (int round = 0; round < kMostRounds && ResolveCandidates(); ++round) {
    }
    std::sort(found_.begin(), found_.end(),
              [](const PythonFinding& a, const PythonFinding& b) {
                return a.object < b.object;
              });
    return std::move(found_);
  }

 private:
  bool IsStaticType(uint64_t address) const {
    if (names_.contains(address)) return true;
    return std::any_of(
        interpreters_.begin(), interpreters_.end(), [&](const Module* module) {
          return address >= module->start && address < module->end;
        });
  }
  std::string NameAt(uint64_t address) const {
    const auto row = names_.find(address);
    return row == names_.end() ? "" : *row->second;
  }

  void LookAt(Vertex v, const ObjectWords& words) {
    for (const Place place : kPlaces) {
      const ObjectWord& count = words[place];
      const ObjectWord& type = words[place + 1];
      if (count.kind != HL_WORD_COUNTS || count.value == 0 ||
          count.value > UINT32_MAX) {
        continue;
      }
      if (type.kind == HL_WORD_MODULE && IsStaticType(type.value)) {
        Add({v, place, count.value, type.value, NameAt(type.value)});
        return;
      }
      const uint32_t edge = EdgeAt(v, (place + 1u) * 8);
      if (edge == UINT32_MAX) continue;
      candidates_.push_back({v, place, graph_.edges().target[edge],
                             graph_.PlaceOf(edge), count.value});
    }
  }

  // The edge of the word at `offset`, or UINT32_MAX.
  uint32_t EdgeAt(Vertex v, uint64_t offset) const {
    const Digraph edges = graph_.edges();
    for (const uint32_t e : edges.EdgesOf(v)) {
      if (graph_.Offset(e) == offset) return e;
      if (graph_.Offset(e) > offset) break;
    }
    return UINT32_MAX;
  }

  void Add(PythonFinding finding) {
    if (!places_.emplace(finding.object, finding.place).second) return;
    found_.push_back(std::move(finding));
  }

  // Whether more objects were found: their types may now be known ones.
  bool ResolveCandidates() {
    std::vector<Candidate> open;
    std::vector<PythonFinding> found;
    for (const Candidate& candidate : candidates_) {
      const auto type = places_.find(candidate.type);
      if (type == places_.end() || type->second != candidate.type_place) {
        open.push_back(candidate);
        continue;
      }
      const uint64_t type_address =
          graph_.Address(candidate.type) + uint64_t{candidate.type_place} * 8;
      found.push_back({candidate.object, candidate.place, candidate.count, 0,
                       NameAt(type_address)});
    }
    candidates_ = std::move(open);
    for (PythonFinding& finding : found) Add(std::move(finding));
    return !found.empty();
  }

  const ObjectGraph& graph_;
  std::vector<const Module*> interpreters_;
  absl::flat_hash_map<uint64_t, const std::string*> names_;  // by address
  absl::flat_hash_map<Vertex, Place> places_;                // of what is found
  std::vector<Candidate> candidates_;
  std::vector<PythonFinding> found_;
};

}  // namespace

void ForEachObjectWords(
    const ObjectGraph& graph,
    absl::FunctionRef<void(Vertex, const ObjectWords&)> visit) {
  const ObjectWordColumns& columns = graph.snapshot().object_words;
  Vertex v = 0;
  for (size_t i = 0; i < columns.size();) {
    const uint64_t block = columns.block[i];
    ObjectWords words{};
    for (; i < columns.size() && columns.block[i] == block; ++i) {
      words[columns.index[i]] = {columns.kind[i], columns.value[i]};
    }
    // The last object at or before the block: a pool's before its container.
    while (v + 1 < graph.size() && graph.Address(v + 1) <= block) ++v;
    if (v < graph.size() && graph.Address(v) == block) visit(v, words);
  }
}

std::vector<PythonFinding> FindPythonObjects(const ObjectGraph& graph) {
  return PythonFinder(graph).Run();
}

PythonKind PythonKindOf(absl::string_view name) {
  struct Row {
    absl::string_view name;
    PythonKind kind;
  };
  static constexpr Row kRows[] = {
      {"weakref", PythonKind::kWeakref},
      {"weakproxy", PythonKind::kWeakref},
      {"weakcallableproxy", PythonKind::kWeakref},
      {"weakref.ReferenceType", PythonKind::kWeakref},
      {"weakref.ProxyType", PythonKind::kWeakref},
      {"weakref.CallableProxyType", PythonKind::kWeakref},
      {"weakref.KeyedRef", PythonKind::kWeakref},
      {"weakref.WeakMethod", PythonKind::kWeakref},
      {"KeyedRef", PythonKind::kWeakref},
      {"WeakMethod", PythonKind::kWeakref},
      {"_PyWeakref_RefType", PythonKind::kWeakref},
      {"_PyWeakref_ProxyType", PythonKind::kWeakref},
      {"_PyWeakref_CallableProxyType", PythonKind::kWeakref},
      {"str", PythonKind::kPlain},
      {"PyUnicode_Type", PythonKind::kPlain},
      {"bytes", PythonKind::kPlain},
      {"PyBytes_Type", PythonKind::kPlain},
      {"bytearray", PythonKind::kPlain},
      {"PyByteArray_Type", PythonKind::kPlain},
      {"int", PythonKind::kPlain},
      {"PyLong_Type", PythonKind::kPlain},
      {"float", PythonKind::kPlain},
      {"PyFloat_Type", PythonKind::kPlain},
      {"complex", PythonKind::kPlain},
      {"PyComplex_Type", PythonKind::kPlain}};
  for (const Row& row : kRows) {
    if (row.name == name) return row.kind;
  }
  return PythonKind::kOther;
}

}  // namespace heapline
