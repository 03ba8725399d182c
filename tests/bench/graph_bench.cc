// graph_bench: what each step of the graph's analysis costs on a snapshot: CPU
// time, and the process's peak of memory so far. One line a step.
//
//   graph_bench FILE         a snapshot (make_bench_snapshots writes one)
//   graph_bench --made N     one of N million blocks, made in memory

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/analysis/components.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/reachability.h"
#include "analyzer/analysis/retention.h"
#include "analyzer/analysis/root_paths.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "graph_snapshot.h"

namespace heapline {
namespace {

double Seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) * 1e-9;
}

// Prints what ran since the last line.
class StepLog {
 public:
  void Print(const char* step) {
    const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double wall = Seconds(CLOCK_MONOTONIC);
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%s: CPU %.2f s, wall %.2f s, peak %.3f GiB\n", step,
                cpu - cpu_, wall - wall_,
                static_cast<double>(usage.ru_maxrss) / (1 << 20));
    std::fflush(stdout);
    cpu_ = cpu;
    wall_ = wall;
  }

 private:
  double cpu_ = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  double wall_ = Seconds(CLOCK_MONOTONIC);
};

void Analyze(const Snapshot& snapshot, StepLog* log) {
  const ObjectGraph graph(snapshot);
  log->Print("graph");
  const std::vector<uint32_t> groups(graph.roots().size(), 0);
  Vertex target = static_cast<Vertex>(graph.size() / 2);
  {
    const Components components = StronglyConnectedComponents(graph.edges());
    log->Print("components");
    const Reachability reachability = FloodFromRoots(graph);
    log->Print("reachability");
    const LeakKindsOfGraph leaks = FindLeaks(graph, reachability, components);
    log->Print("leak kinds");
    while (target + 1 < graph.size() && leaks.kind[target] != kReachableBlock) {
      ++target;
    }
    const Retention retention(graph, reachability, groups, 1, leaks);
    log->Print("dominators, retained sizes");
    std::printf("%zu objects, %zu edges, %zu components, %zu leaks, %llu B\n",
                graph.size(), graph.edges().target.size(), components.count,
                leaks.leaks.size(),
                static_cast<unsigned long long>(
                    retention.RetainedBytes(retention.root())));
  }
  const std::vector<RootPath> paths = ShortestPaths(graph, groups, target, 1);
  log->Print("paths");
  std::printf("%zu paths, %zu hops\n", paths.size(),
              paths.empty() ? size_t{0} : paths[0].hops.size());
}

int Main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--made") == 0) {
    const Snapshot snapshot =
        MakeGraphSnapshot(std::strtoull(argv[2], nullptr, 10) * 1000000, 4711);
    StepLog log;
    Analyze(snapshot, &log);
    return 0;
  }
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FILE | --made MILLIONS\n", argv[0]);
    return 2;
  }
  StepLog log;
  const absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(argv[1]);
  if (!snapshot.ok()) {
    std::fprintf(stderr, "%s\n", snapshot.status().ToString().c_str());
    return 2;
  }
  log.Print("read");
  Analyze(*snapshot, &log);
  return 0;
}

}  // namespace
}  // namespace heapline

int main(int argc, char** argv) { return heapline::Main(argc, argv); }
