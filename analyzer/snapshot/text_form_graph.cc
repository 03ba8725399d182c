#include "analyzer/snapshot/text_form_graph.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/edge_encoder.h"

namespace heapline {
namespace {

constexpr uint64_t kWordBytes = 8;

std::string Plus(uint64_t value) {
  return absl::StrCat(" +", HexNumber(value));
}

// Ascending, and encoded, to `sections`. "", or what stands there twice.
std::string Encode(std::vector<Edge> edges,
                   std::vector<EdgeSection>* sections) {
  std::stable_sort(
      edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
        return std::tie(a.from, a.offset) < std::tie(b.from, b.offset);
      });
  EdgeEncoder encoder;
  const Edge* last = nullptr;
  for (const Edge& edge : edges) {
    if (last != nullptr && last->from == edge.from &&
        last->offset == edge.offset) {
      return absl::StrCat("two edge lines for ", HexNumber(edge.from),
                          Plus(edge.offset));
    }
    encoder.Add(edge);
    last = &edge;
  }
  *sections = encoder.Take();
  return "";
}

void AppendEdges(std::string* out, absl::string_view word,
                 const std::vector<EdgeSection>& sections) {
  for (EdgeCursor cursor(sections); cursor.Next();) {
    const Edge& edge = cursor.edge();
    absl::StrAppend(out, word, " ", HexNumber(edge.from), Plus(edge.offset),
                    " ", HexNumber(edge.to),
                    edge.is_interior() ? Plus(edge.place) : "", "\n");
  }
}

// Where nothing follows, the word points at the block's start.
uint64_t TakePlace(TextLine* line) {
  if (!line->HasNext()) return 0;
  return line->TakePlusNumber("how far into the block it points",
                              HL_MAX_ADDRESS);
}

}  // namespace

void TextFormGraph::ReadRoot(TextLine* line) {
  RootColumns& roots = snapshot_->roots;
  roots.kind.push_back(static_cast<uint8_t>(line->TakeWord(RootKindWords())));
  roots.owner.push_back(static_cast<uint32_t>(
      line->TakeNumber("the thread's id, or 0", UINT32_MAX)));
  roots.source.push_back(
      line->TakeNumber("the word's address, or the register", kAnyNumber));
  roots.block.push_back(line->TakeBlockAddress());
  roots.place.push_back(TakePlace(line));
}

Edge TextFormGraph::TakeEdge(TextLine* line) {
  Edge edge;
  edge.from = line->TakeBlockAddress();
  edge.offset = line->TakePlusNumber("the word's offset", HL_MAX_ADDRESS);
  if (edge.offset % kWordBytes != 0) {
    line->Fail("an offset that is a multiple of 8", Plus(edge.offset));
  }
  edge.to = line->TakeBlockAddress();
  edge.place = TakePlace(line);
  return edge;
}

void TextFormGraph::ReadWord(TextLine* line) {
  Word word;
  word.block = line->TakeBlockAddress();
  word.index = static_cast<uint8_t>(
      line->TakeNumber("the word's index", HL_OBJECT_WORDS - 1));
  word.kind = static_cast<uint8_t>(line->TakeWord(WordKindWords()));
  if (word.kind == HL_WORD_MODULE) {
    word.value =
        line->TakeNumber("the address in a module", HL_MAX_ADDRESS - 1);
  } else {
    word.value = line->TakeNumber("the low half", HL_MAX_COUNT - 1);
    word.value |= line->TakeNumber("the high half", HL_MAX_COUNT - 1) << 32;
  }
  words_.push_back(word);
}

void TextFormGraph::ReadTypeName(TextLine* line) {
  TypeName type;
  type.address = line->TakeNumber("the type's address", kAnyNumber);
  type.name = line->TakeText("the type's name");
  snapshot_->type_names.push_back(std::move(type));
}

void TextFormGraph::ReadRootArea(TextLine* line) {
  RootArea area;
  area.kind = static_cast<uint8_t>(line->TakeWord(RootKindWords()));
  area.owner = static_cast<uint32_t>(
      line->TakeNumber("the thread's id, or 0", UINT32_MAX));
  area.start = line->TakeNumber("the area's start", kAnyNumber);
  area.bytes = line->TakeNumber("the area's bytes", kAnyNumber - area.start);
  if (line->TakeIf("unreadable")) {
    area.unreadable_bytes =
        line->TakeNumber("the unreadable bytes", kAnyNumber - area.bytes);
  }
  snapshot_->root_areas.push_back(area);
}

std::string TextFormGraph::Finish() {
  for (const auto finish :
       {&TextFormGraph::FinishEdges, &TextFormGraph::FinishWords,
        &TextFormGraph::FinishTypeNames}) {
    std::string problem = (this->*finish)();
    if (!problem.empty()) return problem;
  }
  return "";
}

std::string TextFormGraph::FinishEdges() {
  std::string problem = Encode(std::exchange(edges_, {}), &snapshot_->edges);
  return !problem.empty()
             ? problem
             : Encode(std::exchange(weak_edges_, {}), &snapshot_->weak_edges);
}

std::string TextFormGraph::FinishWords() {
  std::stable_sort(
      words_.begin(), words_.end(), [](const Word& a, const Word& b) {
        return std::tie(a.block, a.index) < std::tie(b.block, b.index);
      });
  ObjectWordColumns& columns = snapshot_->object_words;
  for (const Word& word : words_) {
    if (columns.size() > 0 && columns.block.back() == word.block &&
        columns.index.back() == word.index) {
      return absl::StrCat("two word lines for ", HexNumber(word.block), " ",
                          word.index);
    }
    columns.block.push_back(word.block);
    columns.index.push_back(word.index);
    columns.kind.push_back(word.kind);
    columns.value.push_back(word.value);
  }
  words_.clear();
  return "";
}

std::string TextFormGraph::FinishTypeNames() {
  std::vector<TypeName>& types = snapshot_->type_names;
  std::stable_sort(types.begin(), types.end(),
                   [](const TypeName& a, const TypeName& b) {
                     return a.address < b.address;
                   });
  for (size_t i = 1; i < types.size(); ++i) {
    if (types[i].address != types[i - 1].address) continue;
    return absl::StrCat("two type-name lines for ",
                        HexNumber(types[i].address));
  }
  return "";
}

void AppendGraph(std::string* out, const Snapshot& snapshot) {
  const RootColumns& roots = snapshot.roots;
  for (size_t i = 0; i < roots.size(); ++i) {
    const bool is_register = roots.kind[i] == HL_ROOT_REGISTER;
    absl::StrAppend(out, "root ", WordOf(RootKindWords(), roots.kind[i]), " ",
                    roots.owner[i], " ",
                    is_register ? absl::StrCat(roots.source[i])
                                : HexNumber(roots.source[i]),
                    " ", HexNumber(roots.block[i]),
                    roots.place[i] != 0 ? Plus(roots.place[i]) : "", "\n");
  }
  AppendEdges(out, "edge", snapshot.edges);
  AppendEdges(out, "weak-edge", snapshot.weak_edges);
  const ObjectWordColumns& words = snapshot.object_words;
  for (size_t i = 0; i < words.size(); ++i) {
    absl::StrAppend(out, "word ", HexNumber(words.block[i]), " ",
                    words.index[i], " ", WordOf(WordKindWords(), words.kind[i]),
                    " ");
    if (words.kind[i] == HL_WORD_MODULE) {
      absl::StrAppend(out, HexNumber(words.value[i]), "\n");
    } else {
      absl::StrAppend(out, words.value[i] & UINT32_MAX, " ",
                      words.value[i] >> 32, "\n");
    }
  }
  for (const TypeName& type : snapshot.type_names) {
    absl::StrAppend(out, "type-name ", HexNumber(type.address), " ",
                    QuotedText(type.name), "\n");
  }
  for (const RootArea& area : snapshot.root_areas) {
    absl::StrAppend(out, "root-area ", WordOf(RootKindWords(), area.kind), " ",
                    area.owner, " ", HexNumber(area.start), " ", area.bytes);
    if (area.unreadable_bytes != 0) {
      absl::StrAppend(out, " unreadable ", area.unreadable_bytes);
    }
    out->push_back('\n');
  }
}

}  // namespace heapline
