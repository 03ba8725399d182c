// Invariant: an object's words are looked at together, in the order of the
// file, which is that of the objects.
#include "analyzer/analysis/object_types.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/base/base_name.h"

namespace heapline {
namespace {

constexpr absl::string_view kSharedBlock = "std::_Sp_counted_";
// Its vtable and its counts, 16 bytes; then, in place, what it manages.
constexpr uint64_t kSharedBlockHead = 16;
constexpr absl::string_view kVtable = "vtable for ";

// The first template argument of a class's name, without a pointer's star.
absl::string_view FirstArgument(absl::string_view name) {
  const size_t open = name.find('<');
  if (open == absl::string_view::npos) return "";
  size_t depth = 0;
  for (size_t i = open + 1; i < name.size(); ++i) {
    const char c = name[i];
    if (depth == 0 && (c == ',' || c == '>')) {
      name = name.substr(open + 1, i - open - 1);
      absl::ConsumeSuffix(&name, "*");
      return name;
    }
    if (c == '<' || c == '(') ++depth;
    if ((c == '>' || c == ')') && depth > 0) --depth;
  }
  return "";
}

// The name that the program gave the type at `address`, "" for none.
std::string NameGiven(const Snapshot& snapshot, uint64_t address) {
  const auto at =
      std::lower_bound(snapshot.type_names.begin(), snapshot.type_names.end(),
                       address, [](const TypeName& type, uint64_t wanted) {
                         return type.address < wanted;
                       });
  return at != snapshot.type_names.end() && at->address == address ? at->name
                                                                   : "";
}

// Finds types by the words of one object after the other.
class TypeFinder {
 public:
  TypeFinder(const ObjectGraph& graph, DataSymbols* symbols)
      : graph_(graph), symbols_(symbols), is_exact_(IsExact(graph.snapshot())) {
    result_.names.push_back("");
    result_.modules.push_back(kNoModule);
    ids_.emplace("", 0);
  }

  ObjectTypes Run() {
    AddThreadVectors();
    AddLoaderReferences();
    if (graph_.snapshot().object_words.size() == 0) {
      SortAll();
      return std::move(result_);
    }
    result_.of.assign(graph_.size(), 0);
    ForEachObjectWords(graph_, [this](Vertex v, const ObjectWords& words) {
      LookAtClass(v, words);
      if (is_exact_) LookAtCount(v, words);
    });
    if (!is_exact_) AddPython();
    SortAll();
    return std::move(result_);
  }

 private:
  TypeId Intern(const std::string& name, uint32_t module) {
    const auto [row, is_new] =
        ids_.try_emplace(name, static_cast<TypeId>(result_.names.size()));
    if (is_new) {
      result_.names.push_back(name);
      result_.modules.push_back(module);
    }
    return row->second;
  }

  struct Class {
    std::string name;  // "" for none
    uint32_t module = kNoModule;
  };
  // The class whose vtable a word points into.
  const Class& ClassAt(const ObjectWord& word) {
    static const auto* const none = new Class;
    if (word.kind != HL_WORD_MODULE) return *none;
    const auto [row, is_new] = classes_.try_emplace(word.value);
    if (is_new) {
      const DataSymbol symbol = symbols_->At(word.value);
      if (absl::StartsWith(symbol.name, kVtable)) {
        row->second = {symbol.name.substr(kVtable.size()), symbol.module};
      } else if (is_exact_) {
        row->second.name = NameGiven(graph_.snapshot(), word.value);
      }
    }
    return row->second;
  }

  void LookAtClass(Vertex v, const ObjectWords& words) {
    const Class type = ClassAt(words[0]);
    if (!type.name.empty()) {
      LookAtPolymorphic(v, type, words);
      return;
    }
    if (words[0].kind != HL_WORD_COUNTS) return;
    // new T[n]: n, then the elements.
    const uint64_t count = words[0].value;
    const uint64_t bytes = graph_.RequestedBytes(v);
    if (count > 0 && bytes > 8 && (bytes - 8) % count == 0) {
      result_.starts.push_back({v, 1, false});
      const Class element = ClassAt(words[1]);
      if (!element.name.empty()) {
        result_.of[v] = Intern(element.name + "[]", element.module);
      }
    }
  }

  void LookAtPolymorphic(Vertex v, const Class& type,
                         const ObjectWords& words) {
    result_.of[v] = Intern(ManagedClass(type.name), type.module);
    if (absl::StartsWith(type.name, kSharedBlock)) {
      result_.starts.push_back({v, kSharedBlockHead / 8, true});
      if (words[1].kind != HL_WORD_COUNTS) return;
      // All owners together are one of the weak references.
      const uint64_t owners = words[1].value & UINT32_MAX;
      const uint64_t observers = words[1].value >> 32;
      if (owners == 0 || observers == 0) return;
      result_.counts.push_back({v, kStart, owners + observers - 1});
      return;
    }
    for (Place i = 1; i < words.size(); ++i) {
      if (!ClassAt(words[i]).name.empty())
        result_.starts.push_back({v, i, false});
    }
  }

  // The word behind the type counts all references to an object.
  void LookAtCount(Vertex v, const ObjectWords& words) {
    if (words[1].kind != HL_WORD_COUNTS) return;
    result_.counts.push_back({v, kStart, words[1].value & UINT32_MAX});
  }

  void AddPython() {
    for (const PythonFinding& found : FindPythonObjects(graph_)) {
      std::string name = found.type_name;
      if (name.empty() && found.type_address != 0) {
        name = symbols_->At(found.type_address).name;
      }
      result_.python.push_back({found.object, found.place, PythonKindOf(name)});
      if (found.place != kStart) {
        result_.starts.push_back({found.object, found.place, false});
      }
      result_.counts.push_back({found.object, found.place, found.count});
      if (!name.empty()) {
        result_.of[found.object] = Intern(name, kNoModule);
      }
    }
  }

  // A thread's vector of TLS blocks is pointed to behind its first entry, from
  // the thread's descriptor; of an ended thread that word alone was searched.
  void AddThreadVectors() {
    constexpr uint64_t kVectorOffset = 8;
    absl::flat_hash_set<uint64_t> sources;
    for (const RootArea& area : graph_.snapshot().root_areas) {
      if (area.kind != HL_ROOT_THREAD) continue;
      sources.insert(area.start + (area.owner != 0 ? kVectorOffset : 0));
    }
    for (const RootReference& root : graph_.roots()) {
      if (root.kind == HL_ROOT_THREAD && root.place == 2 &&
          sources.contains(root.source)) {
        result_.starts.push_back({root.object, root.place});
      }
    }
  }

  // The dynamic loader aligns its tables within their blocks, and has no other
  // words that could point into blocks by chance.
  void AddLoaderReferences() {
    for (const Module& module : graph_.snapshot().modules) {
      const absl::string_view name = BaseName(module.path);
      if (!absl::StartsWith(name, "ld-") || !absl::StrContains(name, ".so")) {
        continue;
      }
      for (const RootReference& root : graph_.roots()) {
        if (root.kind == HL_ROOT_GLOBAL && root.place != kStart &&
            root.source >= module.start && root.source < module.end) {
          result_.starts.push_back({root.object, root.place});
        }
      }
    }
  }

  void SortAll() {
    const auto by_object = [](const auto& a, const auto& b) {
      return std::tie(a.object, a.place) < std::tie(b.object, b.place);
    };
    std::sort(result_.starts.begin(), result_.starts.end(), by_object);
    std::sort(result_.counts.begin(), result_.counts.end(), by_object);
    std::sort(result_.python.begin(), result_.python.end(), by_object);
  }

  const ObjectGraph& graph_;
  DataSymbols* symbols_;
  const bool is_exact_;
  ObjectTypes result_;
  absl::flat_hash_map<std::string, TypeId> ids_;
  absl::flat_hash_map<uint64_t, Class> classes_;  // by vtable address
};

template <typename Record>
const Record* Find(const std::vector<Record>& records, Vertex v) {
  const auto at = std::lower_bound(records.begin(), records.end(), v,
                                   [](const Record& record, Vertex object) {
                                     return record.object < object;
                                   });
  return at == records.end() || at->object != v ? nullptr : &*at;
}

}  // namespace

std::string ManagedClass(absl::string_view class_name) {
  if (!absl::StartsWith(class_name, kSharedBlock)) {
    return std::string(class_name);
  }
  const absl::string_view managed = FirstArgument(class_name);
  if (managed.empty()) return std::string(class_name);
  // Only the in-place form holds the object itself.
  return absl::StrContains(class_name.substr(0, class_name.find('<')),
                           "inplace")
             ? std::string(managed)
             : absl::StrCat(managed, " (count of std::shared_ptr)");
}

ObjectTypes FindObjectTypes(const ObjectGraph& graph, DataSymbols* symbols) {
  return TypeFinder(graph, symbols).Run();
}

uint64_t ObjectTypes::ClassOffset(Vertex v) const {
  const Start* start = Find(starts, v);
  return start != nullptr && start->is_managed ? start->place * 8u : 0;
}

const ReferenceCount* ObjectTypes::CountOf(Vertex v) const {
  return Find(counts, v);
}

const ObjectTypes::PythonObject* ObjectTypes::PythonAt(Vertex v) const {
  return Find(python, v);
}

bool ObjectTypes::IsStart(Vertex v, Place place) const {
  const auto at = std::lower_bound(
      starts.begin(), starts.end(), std::make_pair(v, place),
      [](const Start& start, const std::pair<Vertex, Place>& wanted) {
        return std::make_pair(start.object, start.place) < wanted;
      });
  return at != starts.end() && at->object == v && at->place == place;
}

}  // namespace heapline
