// stage.cc
#include "samples/demo/stage.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <utility>

#include "heapline/heapline.h"
#include "samples/runtime/event_log.h"
#include "samples/runtime/exact_graph.h"
#include "samples/runtime/function_ref.h"
#include "samples/runtime/json.h"
#include "samples/runtime/sizes.h"
#include "samples/runtime/tracing.h"

namespace demo {

namespace tracing = runtime::tracing;
using runtime::JsonText;

namespace {

constexpr size_t kStackToWipe = 64 * 1024;

// Overwrites what dead calls have left below this frame.
__attribute__((noinline)) void WipeDeadStack() {
  char dead[kStackToWipe];
  memset(dead, 0, sizeof dead);
  asm volatile("" : : "r"(dead) : "memory");
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) {
    joined += (joined.empty() ? "\n    " : ",\n    ") + part;
  }
  return joined;
}

runtime::RuntimeOptions WithHeap(runtime::RuntimeOptions options,
                                 runtime::Heap heap) {
  options.heap = heap;
  return options;
}

// The command that reads snapshots: this program lies in libexec/heapline
// beside its bin.
std::string PathOfCommand() {
  std::error_code none;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", none);
  return program.parent_path() / "../../bin/heapline";
}

[[noreturn]] void Fail(const std::string& path, int error) {
  fprintf(stderr, "heapline-demo: writing %s: %s\n", path.c_str(),
          strerror(error));
  exit(2);
}

void WriteFile(const std::string& path,
               runtime::FunctionRef<void(FILE*)> write) {
  FILE* const file = fopen(path.c_str(), "we");
  if (file == nullptr) Fail(path, errno);
  write(file);
  const bool is_written = ferror(file) == 0;
  if (fclose(file) != 0 || !is_written) Fail(path, errno);
}

}  // namespace

const char* HeapName(runtime::Heap heap) {
  return heap == runtime::Heap::kMalloc ? "malloc" : "pools";
}

Stage::Stage(const Scenario& scenario, Variant variant, runtime::Heap heap,
             std::string directory)
    : scenario_(scenario),
      variant_(variant),
      heap_(heap),
      directory_(std::move(directory)),
      runtime_(WithHeap(scenario.options, heap)) {
  tracing::Configure(directory_, PathOfCommand());
}

Stage::~Stage() {
  if (directory_.empty()) return;
  std::vector<std::string> cuts;
  std::vector<std::string> grows;
  for (size_t i = 0; i < labels_.size(); ++i) {
    cuts.push_back("{\"label\": " + JsonText(labels_[i]) +
                   ", \"exact\": \"exact." + std::to_string(i) + ".txt\"}");
  }
  for (const std::string& line : grows_) grows.push_back(JsonText(line));
  WriteFile(directory_ + "/truth.json", [&](FILE* file) {
    fprintf(file,
            "{\"scenario\": \"%s\", \"variant\": \"%s\", \"heap\": \"%s\",\n"
            "  \"cuts\": [%s],\n  \"grows\": [%s],\n  \"kept\": [%s],\n"
            "  \"numbers\": {%s}}\n",
            scenario_.name, is_broken() ? "broken" : "fixed", HeapName(heap_),
            Joined(cuts).c_str(), Joined(grows).c_str(),
            Joined(kept_json_).c_str(), Joined(numbers_json_).c_str());
  });
  if (runtime_.events().events().empty()) return;
  WriteFile(directory_ + "/events.jsonl",
            [&](FILE* file) { runtime_.events().WriteJsonLines(file); });
}

void Stage::Print(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
}

std::string Stage::Cut(const std::string& label) {
  fflush(stdout);
  if (!directory_.empty()) WriteTruth(label);
  // The frame of this function stands where dead ones stood: it has no words
  // but those that are in use.
  WipeDeadStack();
  return CutTraced(label);
}

__attribute__((noinline)) std::string Stage::CutTraced(
    const std::string& label) const {
  if (!directory_.empty() && tracing::IsTracing())
    return tracing::TakeSnapshot(label).file();
  heapline_snapshot(label.c_str());
  return "";
}

__attribute__((noinline)) void Stage::WriteTruth(const std::string& label) {
  const runtime::ExactGraph graph = runtime::TakeExactGraph(runtime_);
  const size_t number = labels_.size();
  const std::string path =
      directory_ + "/exact." + std::to_string(number) + ".txt";
  const int error = runtime::WriteExactGraph(graph, path, label);
  if (error != 0) Fail(path, error);
  for (const Waiting& kept : waiting_) {
    const runtime::BlockSizes sizes = runtime::SizesInGraph(graph, kept.object);
    char numbers[256];
    snprintf(numbers, sizeof numbers,
             "\"address\": \"%p\", \"shallow_bytes\": %" PRIu64
             ", \"deep_bytes\": %" PRIu64 ", \"retained_bytes\": %" PRIu64
             ", \"retained_count\": %" PRIu64 "}",
             static_cast<const void*>(kept.object), sizes.shallow_bytes,
             sizes.deep_bytes, sizes.retained_bytes, sizes.retained_count);
    kept_json_.push_back("{\"cut\": " + std::to_string(number) +
                         ", \"name\": " + JsonText(kept.name) + ", " + numbers);
  }
  labels_.push_back(label);
  // Cleared it would keep its block, and the words in it.
  std::vector<Waiting>().swap(waiting_);
}

void Stage::NextLineGrows(Site site) {
  const std::string line =
      std::string(site.file) + ":" + std::to_string(site.line + 1);
  if (std::find(grows_.begin(), grows_.end(), line) == grows_.end())
    grows_.push_back(line);
}

void Stage::Keeps(const std::string& name, const Object* object) {
  waiting_.push_back({name, object});
}

void Stage::Number(const std::string& name, uint64_t value) {
  numbers_json_.push_back(JsonText(name) + ": " + std::to_string(value));
}

void* Stage::ForeignBlock(size_t bytes) {
  void* const block = malloc(bytes);
  if (block == nullptr) throw std::bad_alloc();
  memset(block, 0, bytes);
  runtime_.AddForeign(block, bytes);
  return block;
}

void Stage::ForeignReference(void* block, size_t offset) {
  runtime_.AddForeignReference(block, offset);
}

void Stage::FreeForeign(void* block) {
  runtime_.RemoveForeign(block);
  free(block);
}

}  // namespace demo
