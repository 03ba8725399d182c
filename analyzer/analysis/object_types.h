// object_types.h: what kind of thing each object is, as far as its first words
// tell: a C++ class by its vtable's symbol, std::shared_ptr's block by the
// class it manages, a CPython object by its type's name. An exact snapshot
// names its types and tells where counts are. What tells nothing has type 0,
// and its allocation site stands in.
//
// Invariant: of[v] < names.size(); names[0] is "". Immutable.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_OBJECT_TYPES_H_
#define HEAPLINE_ANALYZER_ANALYSIS_OBJECT_TYPES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/python_objects.h"
#include "analyzer/base/big_vector.h"
#include "analyzer/symbolize/data_symbols.h"

namespace heapline {

using TypeId = uint32_t;

// The counts that an object carries of the references to it.
struct ReferenceCount {
  Vertex object = 0;
  Place place = kStart;   // where counted references point
  uint64_t expected = 0;  // references that account for the count
};

struct ObjectTypes {
  BigVector<TypeId> of;            // by Vertex; empty: all are 0
  std::vector<std::string> names;  // by TypeId
  // By TypeId: the module that a C++ class's vtable was found in; kNoModule
  // for other types.
  std::vector<uint32_t> modules;
  // By ascending object.
  std::vector<ReferenceCount> counts;
  // CPython's objects by ascending Vertex, and the word of their block at which
  // they begin: 2 or 4 behind a PyGC_Head, else 0.
  struct PythonObject {
    Vertex object = 0;
    Place place = kStart;
    PythonKind kind = PythonKind::kOther;
  };
  std::vector<PythonObject> python;
  // By ascending object, then place: where else than at its start an object is
  // pointed to by right: behind a cookie, a count or a PyGC_Head, at bases with
  // a vtable of their own, a thread's vector of TLS blocks, the loader's
  // tables.
  struct Start {
    Vertex object = 0;
    Place place = kStart;
    bool is_managed = false;  // behind std::shared_ptr's counts
  };
  std::vector<Start> starts;

  TypeId Of(Vertex v) const { return of.empty() ? 0 : of[v]; }
  const std::string& Name(Vertex v) const { return names[Of(v)]; }
  uint32_t Module(Vertex v) const { return modules[Of(v)]; }
  // Where in its block the object of its type begins, in bytes, for C++.
  uint64_t ClassOffset(Vertex v) const;
  // nullptr where it has none.
  const ReferenceCount* CountOf(Vertex v) const;
  const PythonObject* PythonAt(Vertex v) const;
  bool IsStart(Vertex v, Place place) const;
};

ObjectTypes FindObjectTypes(const ObjectGraph& graph, DataSymbols* symbols);

// "Node" of "std::_Sp_counted_ptr_inplace<Node, std::allocator<void>, …>", the
// name itself of others.
std::string ManagedClass(absl::string_view class_name);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_OBJECT_TYPES_H_
