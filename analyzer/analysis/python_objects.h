// python_objects.h: which blocks are CPython's objects (PYTHONMALLOC=malloc).
// An object is its reference count and a pointer to its type, at the start of
// the block or behind a PyGC_Head of two words, which two more may precede:
//
//   word  0    1     2    3     4    5
//        count type                           str, int
//        next  prev  count type               list, dict
//        values dict next  prev  count type   instance of a class
//
// A type is an object of the interpreter's module, or one named in TYPE_NAMES,
// or a block that is itself such an object. Stateless.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_PYTHON_OBJECTS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_PYTHON_OBJECTS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "analyzer/analysis/object_graph.h"

namespace heapline {

struct ObjectWord {
  uint8_t kind = 0;    // HL_WORD_…, 0 for a word of which nothing is known
  uint64_t value = 0;  // as in ObjectWordColumns
};
using ObjectWords = std::array<ObjectWord, HL_OBJECT_WORDS>;

// Calls visit for each object of which some word is known, by ascending Vertex.
void ForEachObjectWords(
    const ObjectGraph& graph,
    absl::FunctionRef<void(Vertex, const ObjectWords&)> visit);

struct PythonFinding {
  Vertex object = 0;
  Place place = kStart;       // where in its block it begins
  uint64_t count = 0;         // its references
  uint64_t type_address = 0;  // in a module, or 0
  std::string type_name;      // from TYPE_NAMES, or ""
};

// By ascending object; none where no interpreter is among the modules and no
// type is named. REQUIRES: no reference has been found weak yet.
std::vector<PythonFinding> FindPythonObjects(const ObjectGraph& graph);

// What a type's name tells of the words of its objects.
enum class PythonKind : uint8_t {
  kOther,
  kWeakref,  // weakref, its proxies and its subclasses in the standard library
  kPlain     // str, int and their kin: text and numbers, and their own memory
};
PythonKind PythonKindOf(absl::string_view name);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_PYTHON_OBJECTS_H_
