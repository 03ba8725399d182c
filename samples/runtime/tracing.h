// tracing.h: tracemalloc's functions, done by heapline: the tracer in this
// process counts and cuts, the `heapline` command reads. Nothing of either is
// linked; heapline/heapline.h is all there is between.
//
// Differences: Stop forgets nothing (tracemalloc drops its traces), and without
// the tracer nothing is ever traced.
//
// Invariant: a Snapshot's file exists and is whole.
#ifndef SAMPLES_RUNTIME_TRACING_H_
#define SAMPLES_RUNTIME_TRACING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace runtime::tracing {

// Where the tracer writes (its option `out`), and the command that reads:
// a path, or a name to be found in PATH. Until then: "heapline-snapshots",
// "heapline".
void Configure(const std::string& directory, const std::string& command);

void Start();
void Stop();
// The tracer is in this process and Stop was not the last thing asked of it.
bool IsTracing();

struct TracedMemory {
  uint64_t current_bytes = 0;
  uint64_t peak_bytes = 0;
};
TracedMemory GetTracedMemory();
void ResetPeak();

class Snapshot {
 public:
  explicit Snapshot(std::string file) : file_(std::move(file)) {}
  const std::string& file() const { return file_; }

  // The first n rows by KEY ("line", "function", "file", "stack", "type", …),
  // as the command prints them, by size, or by absolute growth since `older`.
  // RuntimeError where the command fails: with what it said.
  std::vector<std::string> Statistics(const std::string& key, size_t n) const;
  std::vector<std::string> CompareTo(const Snapshot& older,
                                     const std::string& key, size_t n) const;
  // Of the blocks whose stack has a function that the glob matches.
  uint64_t LiveBytes(const std::string& function) const;

 private:
  std::string file_;
};

// RuntimeError where nothing is traced, or where the tracer could not write.
Snapshot TakeSnapshot(const std::string& label = "");

}  // namespace runtime::tracing

#endif  // SAMPLES_RUNTIME_TRACING_H_
