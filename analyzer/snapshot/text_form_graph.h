// text_form_graph.h: the lines of the text form that tell the object graph:
// root, edge, weak-edge, word, type-name and root-area, one to a record, in any
// order.
//
// Invariant: what it finished is what a decoder would let through whole. Not
// thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_TEXT_FORM_GRAPH_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_TEXT_FORM_GRAPH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/snapshot/snapshot.h"
#include "analyzer/snapshot/text_line.h"

namespace heapline {

class TextFormGraph {
 public:
  // `snapshot` must outlive the object.
  explicit TextFormGraph(Snapshot* snapshot) : snapshot_(snapshot) {}

  // Each reads a line behind its first word.
  void ReadRoot(TextLine* line);
  void ReadEdge(TextLine* line) { edges_.push_back(TakeEdge(line)); }
  void ReadWeakEdge(TextLine* line) { weak_edges_.push_back(TakeEdge(line)); }
  void ReadWord(TextLine* line);
  void ReadTypeName(TextLine* line);
  void ReadRootArea(TextLine* line);

  // Puts edges, words and type names in order. "", or what stands there twice.
  std::string Finish();

 private:
  struct Word {
    uint64_t block = 0;
    uint64_t value = 0;
    uint8_t index = 0;
    uint8_t kind = 0;
  };
  static Edge TakeEdge(TextLine* line);
  std::string FinishEdges();
  std::string FinishWords();
  std::string FinishTypeNames();

  Snapshot* const snapshot_;
  std::vector<Edge> edges_, weak_edges_;
  std::vector<Word> words_;
};

// The lines of `snapshot`'s graph, at the end of *out.
void AppendGraph(std::string* out, const Snapshot& snapshot);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_TEXT_FORM_GRAPH_H_
