// growth.h: which types grow, and who holds one of their objects: the questions
// that objgraph answers for CPython, asked of the collector's lists and of
// Traverse. Objects that the collector does not track (text, numbers) are no
// holders and are not counted.
//
// Invariant: nothing here keeps an object alive or takes a reference.
#ifndef SAMPLES_RUNTIME_GROWTH_H_
#define SAMPLES_RUNTIME_GROWTH_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "samples/runtime/function_ref.h"
#include "samples/runtime/object.h"

namespace runtime {

// Tracked containers by type name.
std::map<std::string, uint64_t> CountByType();

struct TypeGrowth {
  std::string type;
  uint64_t count = 0;
  uint64_t growth = 0;  // above the highest count of all earlier looks
};

// objgraph.show_growth: each look tells what exceeds all looks before it.
class GrowthByType {
 public:
  // Types that grew, by growth descending, then by name; at most `limit`.
  std::vector<TypeGrowth> Look(size_t limit = 10);

 private:
  std::map<std::string, uint64_t> highest_;
};

// A line a type, as objgraph prints it: "Node         12       +10".
std::string ShowGrowth(const std::vector<TypeGrowth>& rows);

// The shortest chain of references that leads from an object which satisfies
// the predicate to `object`, both included; `object` alone where there is none
// within `max_depth` references.
std::vector<const Object*> FindBackrefChain(
    const Object* object, FunctionRef<bool(const Object&)> predicate,
    size_t max_depth = 20);

// True of an object that something outside of the heap holds: a variable, the
// runtime itself; the end of the chain that says why another lives. Looks at
// the whole heap.
bool IsHeldFromOutside(const Object& object);

// "dict -> list -> Node".
std::string ChainText(const std::vector<const Object*>& chain);

// Who holds `object`, who holds those, to `max_depth`, as an indented text; an
// object's holders are told once, and ten of them at most:
//
//   Request
//     held by list (2 references)
//       held from outside (1 reference)
std::string Backrefs(const Object* object, size_t max_depth = 3);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_GROWTH_H_
