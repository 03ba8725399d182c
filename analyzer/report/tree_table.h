// tree_table.h: a tree of reference_tree.h as a table: a row a line, indented.
// Stateless.
#ifndef HEAPLINE_ANALYZER_REPORT_TREE_TABLE_H_
#define HEAPLINE_ANALYZER_REPORT_TREE_TABLE_H_

#include <string>
#include <vector>

#include "analyzer/analysis/reference_tree.h"
#include "analyzer/report/document.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/object_keys.h"

namespace heapline {

enum class TreeDirection { kDown, kUp };

// `first_name` is what the first row is called where it is no group of roots.
// Names of the other rows are ids of `keys`. The shallow bytes and counts are
// summed; down, they sum to what the first row retains.
Table TreeTable(const std::vector<TreeRow>& rows, TreeDirection direction,
                const std::string& first_name, ObjectKeys* keys,
                GraphSide* side);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_TREE_TABLE_H_
