// exact_graph.cc
#include "samples/runtime/exact_graph.h"

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <tuple>
#include <typeinfo>
#include <unordered_map>

#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

// The format holds smaller counts only.
constexpr uint32_t kLeastCountLeftOut = 1 << 20;

// Gathers what objects tell of themselves, and how often each is referred to.
class Gatherer : public LayoutVisitor {
 public:
  explicit Gatherer(ExactGraph* graph) : graph_(graph) {}

  void Block(const void* owner, size_t offset, const void* block,
             size_t bytes) override {
    if (block == nullptr) return;
    graph_->blocks.push_back({block, bytes, nullptr});
    graph_->edges.push_back({owner, offset, block, false});
  }
  void Strong(const void* block, size_t offset,
              const Object* target) override {
    if (target == nullptr) return;
    graph_->edges.push_back({block, offset, target, false});
    ++references_[target];
  }
  void Weak(const void* block, size_t offset, const void* target) override {
    if (target == nullptr) return;
    graph_->edges.push_back({block, offset, target, true});
  }

  uint32_t ReferencesTo(const Object* object) const {
    const auto row = references_.find(object);
    return row != references_.end() ? row->second : 0;
  }

 private:
  ExactGraph* graph_;
  std::unordered_map<const Object*, uint32_t> references_;
};

// An object's vtable, as its first word has it.
const void* VtableOf(const Object& object) {
  const void* vtable = nullptr;
  memcpy(&vtable, static_cast<const void*>(&object), sizeof vtable);
  return vtable;
}

// In double quotes, as the text form wants it.
void PutQuoted(FILE* file, const std::string& text) {
  fputc('"', file);
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      fprintf(file, "\\%c", c);
    } else if (byte < ' ' || byte >= 0x7f) {
      fprintf(file, "\\x%02x", byte);
    } else {
      fputc(c, file);
    }
  }
  fputc('"', file);
}

void PutBlocks(FILE* file, const ExactGraph& graph) {
  std::map<const void*, std::string> classes;
  for (const ExactBlock& block : graph.blocks) {
    fprintf(file, "block %p size=%" PRIu64 "\n", block.start, block.bytes);
    if (block.object == nullptr) continue;
    const void* const vtable = VtableOf(*block.object);
    if (classes.count(vtable) == 0)
      classes[vtable] = ClassNameOf(*block.object);
    fprintf(file, "word %p 0 module %p\n", block.start, vtable);
    const uint32_t count = block.object->refcount();
    if (count < kLeastCountLeftOut)
      fprintf(file, "word %p 1 counts %u 0\n", block.start, count);
  }
  for (const auto& [vtable, name] : classes) {
    fprintf(file, "type-name %p ", vtable);
    PutQuoted(file, name);
    fputc('\n', file);
  }
}

void PutReferences(FILE* file, const ExactGraph& graph) {
  for (const ExactEdge& edge : graph.edges) {
    fprintf(file, "%s %p +%" PRIu64 " %p\n",
            edge.is_weak ? "weak-edge" : "edge", edge.from, edge.offset,
            edge.to);
  }
  // Who holds them, the runtime cannot know: the sources are numbers.
  uint64_t source = 0;
  for (const Object* root : graph.roots) {
    source += 8;
    fprintf(file, "root region 0 0x%" PRIx64 " %p\n", source,
            static_cast<const void*>(root));
  }
}

}  // namespace

const ExactBlock* ExactGraph::At(const void* start) const {
  const auto row = std::lower_bound(
      blocks.begin(), blocks.end(), start,
      [](const ExactBlock& block, const void* value) {
        return std::less<>()(block.start, value);
      });
  return row != blocks.end() && row->start == start ? &*row : nullptr;
}

std::string ClassNameOf(const Object& object) {
  const char* const mangled = typeid(object).name();
  int status = 0;
  char* const name = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  const std::string result = status == 0 ? name : mangled;
  free(name);
  return result;
}

ExactGraph TakeExactGraph(const Runtime& runtime) {
  ExactGraph graph;
  Gatherer gatherer(&graph);
  runtime.ForEachLiveObject([&](const Object* object) {
    graph.blocks.push_back({object, object->BlockBytes(), object});
    object->Describe(&gatherer);
  });
  runtime.ForEachForeignBlock(
      [&](const void* start, const Runtime::ForeignBlock& block) {
        graph.blocks.push_back({start, block.bytes, nullptr});
        for (const size_t offset : block.references) {
          const void* target = nullptr;
          memcpy(&target, static_cast<const char*>(start) + offset,
                 sizeof target);
          if (target != nullptr)
            graph.edges.push_back({start, offset, target, false});
        }
      });
  runtime.ForEachLiveObject([&](const Object* object) {
    if (object->refcount() > gatherer.ReferencesTo(object))
      graph.roots.push_back(object);
  });
  std::sort(graph.blocks.begin(), graph.blocks.end(),
            [](const ExactBlock& a, const ExactBlock& b) {
              return std::less<>()(a.start, b.start);
            });
  std::sort(graph.edges.begin(), graph.edges.end(),
            [](const ExactEdge& a, const ExactEdge& b) {
              return std::tie(a.from, a.offset) < std::tie(b.from, b.offset);
            });
  std::sort(graph.roots.begin(), graph.roots.end(), std::less<>());
  return graph;
}

int WriteExactGraph(const ExactGraph& graph, const std::string& path,
                    const std::string& label) {
  FILE* const file = fopen(path.c_str(), "we");
  if (file == nullptr) return errno;
  uint64_t bytes = 0;
  for (const ExactBlock& block : graph.blocks) bytes += block.bytes;
  fprintf(file,
          "heapline-text 1\narchitecture x86_64\n"
          "property program \"runtime\"\nproperty pid %d\n"
          "property reason \"api\"\nproperty label ",
          static_cast<int>(getpid()));
  PutQuoted(file, label);
  fprintf(file,
          "\nproperty live_bytes %" PRIu64 "\nproperty live_count %zu\n"
          "property complete 1\nproperty graph 1\nproperty exact 1\n",
          bytes, graph.blocks.size());
  PutBlocks(file, graph);
  PutReferences(file, graph);
  const bool is_whole = fflush(file) == 0 && ferror(file) == 0;
  const int error = is_whole ? 0 : errno;
  if (fclose(file) != 0) return errno;
  return error;
}

}  // namespace runtime
