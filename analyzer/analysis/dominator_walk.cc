#include "analyzer/analysis/dominator_walk.h"

namespace heapline {

DigraphRows DominatedBy(const Retention& retention) {
  DigraphRows rows;
  rows.begin.assign(retention.root() + size_t{2}, 0);
  for (const Vertex v : retention.order()) {
    const Vertex parent = retention.Dominator(v);
    if (parent != kNoVertex) ++rows.begin[parent + 1];
  }
  for (size_t i = 1; i < rows.begin.size(); ++i) {
    rows.begin[i] += rows.begin[i - 1];
  }
  rows.target.resize(rows.begin.back());
  BigVector<uint32_t> next(rows.begin.begin(), rows.begin.end() - 1);
  for (const Vertex v : retention.order()) {
    const Vertex parent = retention.Dominator(v);
    if (parent != kNoVertex) rows.target[next[parent]++] = v;
  }
  return rows;
}

}  // namespace heapline
