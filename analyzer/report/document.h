// document.h: what a report is before it becomes bytes. A report computes one
// Document; renderers (text, JSON, DOT) and exporters turn a Document into
// bytes: R + F files, not R x F. Three shapes: a table of rows, weighted
// stacks, a graph. Immutable once returned.
//
// Invariant: a table's `total` equals the sum of its rows, column by column,
// rows that -n hides included (they are counted in `rows_left_out`).
#ifndef HEAPLINE_ANALYZER_REPORT_DOCUMENT_H_
#define HEAPLINE_ANALYZER_REPORT_DOCUMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace heapline {

struct FrameText {
  std::string function;
  std::string file;  // "" when unknown
  uint32_t line = 0;
  std::string module;
  bool inlined = false;
};

// A cell: a whole number (unit in the column's key), a text, or a statement.
using Cell = std::variant<int64_t, double, std::string, bool>;

// What a column's numbers are, for people: machine formats print them plain.
enum class Unit { kNone, kBytes, kCount, kMicroseconds, kText, kYesNo };

struct Column {
  std::string key;  // JSON field name, with its unit: live_bytes; "a.b" is
                    // field b of object a
  Unit unit = Unit::kNone;
  bool is_summed = false;  // stands in `total`
};

// A piece of a line for people, and how it is coloured on a terminal. Texts
// are raw: the renderer makes them safe.
enum class Tone { kPlain, kKey, kGrew, kShrank, kFaint };
struct Span {
  std::string text;
  Tone tone = Tone::kPlain;
};
using Line = std::vector<Span>;

// A list of objects that a row carries in JSON: "hops": [{"address": …}, …].
struct RowList {
  std::string key;
  std::vector<std::vector<std::pair<std::string, Cell>>> items;
};

// Plain numbers that a row carries in JSON: "values": [1, 2, 3].
struct NumberList {
  std::string key;
  std::vector<int64_t> numbers;
};

// A named object of numbers and texts in JSON: beside `total` ("process":
// {"live_bytes": …}) or in a row that has it. Not shown as text.
struct Aside {
  std::string name;
  std::vector<std::pair<std::string, Cell>> fields;
};

struct Row {
  std::vector<Cell> cells;       // one a column
  std::vector<FrameText> stack;  // innermost first; may be empty
  std::vector<Line> lines;       // the row in the text rendering
  std::vector<RowList> lists;    // in JSON, behind the cells
  std::vector<NumberList> numbers;
  std::vector<Aside> asides;  // in JSON, behind the lists
};

struct SnapshotName {
  std::string file, program, label, reason;
  uint64_t pid = 0, sequence = 0;
};

struct Table {
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<Cell> total;   // one a column, 0 or "" where not summed
  size_t rows_left_out = 0;  // by -n
  bool has_stacks = false;   // rows carry `stack` in JSON
  std::vector<Line> footer;  // after the rows in the text rendering
};

struct WeightedStack {
  std::vector<FrameText> frames;  // innermost first
  std::vector<int64_t> values;    // one a name in Stacks::value_names
};

struct Stacks {
  std::vector<std::pair<std::string, Unit>> value_names;
  std::vector<WeightedStack> stacks;
};

struct GraphNode {
  enum class Kind { kObject, kLeaked, kRoot };
  Kind kind = Kind::kObject;
  uint64_t address = 0;  // 0 for a root
  std::string label;
  int64_t bytes = 0;
  int64_t retained_bytes = 0;
  std::string cycle;          // what cycle it is in: "ownership", …; or ""
  size_t hidden_targets = 0;  // references to what is not drawn
};
struct GraphEdge {
  size_t from = 0, to = 0;  // indices of nodes
  uint64_t offset = 0;      // of the first, where there are several
  size_t count = 0;
  bool is_weak = false;
  std::string cycle;  // of the cycle that it is part of, or ""
};
// The same part of a heap twice: as a tree for reading, and as nodes and edges
// for drawing.
struct Graph {
  Table tree;
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
  size_t nodes_left_out = 0;
};

// A table beside the body: in JSON its rows are a list under its name, as text
// they follow the body.
struct Annex {
  std::string name;
  Table table;
};

// Whether the command that shows the document ends with 0 or 1.
enum class Verdict { kDone, kFound };

struct Document {
  std::string name;  // "heapline.diff"
  int version = 1;
  std::vector<SnapshotName> snapshots;
  std::vector<Aside> asides;
  std::vector<std::string> notes;  // "sampled …", "12 damaged …": text goes to
                                   // stderr, JSON to "notes"
  Verdict verdict = Verdict::kDone;
  std::variant<Table, Stacks, Graph> body;
  std::vector<Annex> annexes;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_DOCUMENT_H_
