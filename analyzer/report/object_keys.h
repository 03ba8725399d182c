// object_keys.h: under which key an object of a graph is counted (`--by KEY`):
// as its call stack is, but by type where that is asked for and known.
//
// Invariant: keys of equal text are one; ids are dense from 0, in the order in
// which they were first asked for. The side must outlive the keys. Not
// thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_OBJECT_KEYS_H_
#define HEAPLINE_ANALYZER_REPORT_OBJECT_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/analysis/grouping.h"
#include "analyzer/report/graph_side.h"

namespace heapline {

using ObjectKeyId = uint32_t;

class ObjectKeys {
 public:
  ObjectKeys(GraphSide* side, Key key, Attribution attribution);

  ObjectKeyId Of(Vertex v);
  // A key of the caller's own, e.g. a root's name.
  ObjectKeyId Intern(const std::string& text);
  const std::string& Text(ObjectKeyId id) const { return texts_[id]; }
  size_t size() const { return texts_.size(); }

 private:
  GraphSide* side_;
  Groups groups_;
  const bool by_type_;
  absl::flat_hash_map<std::string, ObjectKeyId> ids_;
  std::vector<std::string> texts_;                       // by id
  absl::flat_hash_map<uint32_t, ObjectKeyId> of_stack_;  // these: once asked
  absl::flat_hash_map<TypeId, ObjectKeyId> of_type_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_OBJECT_KEYS_H_
