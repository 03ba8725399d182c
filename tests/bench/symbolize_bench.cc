// symbolize_bench: how long the symbolizer takes for many addresses of one
// file, first without and then with what its cache kept.
//
//   symbolize_bench FILE [ADDRESSES] [--list]
//
// Addresses are spread evenly over the file's code. --list prints each
// address with its frames, for comparison with another symbolizer, in place
// of the times.
#include <gelf.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "analyzer/symbolize/elf_module.h"
#include "analyzer/symbolize/symbolizer.h"

namespace {

using heapline::ElfModule;
using heapline::NodeId;
using heapline::Snapshot;
using heapline::SourceFrame;

constexpr uint64_t kLoadBias = 0x10000000;

struct CodeRange {
  uint64_t start;
  uint64_t bytes;
};

std::vector<CodeRange> CodeOf(const ElfModule& module) {
  std::vector<CodeRange> code;
  for (Elf_Scn* section = elf_nextscn(module.elf(), nullptr);
       section != nullptr; section = elf_nextscn(module.elf(), section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) != nullptr &&
        (header.sh_flags & SHF_EXECINSTR) != 0) {
      code.push_back({header.sh_addr, header.sh_size});
    }
  }
  return code;
}

// A snapshot of one module and `count` stacks of one frame each.
Snapshot SnapshotOf(const ElfModule& module, uint64_t count) {
  uint64_t code_bytes = 0;
  for (const CodeRange& range : CodeOf(module)) code_bytes += range.bytes;
  Snapshot snapshot;
  heapline::Module record;
  record.start = kLoadBias;
  record.end = UINT64_MAX;
  record.load_bias = kLoadBias;
  record.build_id = module.build_id();
  record.path = module.path();
  snapshot.modules.push_back(record);
  const auto add_node = [&](uint64_t address, uint8_t kind) {
    snapshot.nodes.address.push_back(address);
    snapshot.nodes.parent.push_back(NodeId{0});
    snapshot.nodes.kind.push_back(kind);
    snapshot.nodes.generation.push_back(0);
  };
  add_node(HL_SPECIAL_ROOT, HL_NODE_SPECIAL);
  const double step =
      static_cast<double>(code_bytes) / static_cast<double>(count);
  double position = 0;
  for (const CodeRange& range : CodeOf(module)) {
    for (; position < static_cast<double>(range.bytes); position += step) {
      add_node(kLoadBias + range.start + static_cast<uint64_t>(position),
               HL_NODE_INSTRUCTION_POINTER);
    }
    position -= static_cast<double>(range.bytes);
  }
  return snapshot;
}

std::vector<NodeId> AllNodes(const Snapshot& snapshot) {
  std::vector<NodeId> nodes;
  for (uint32_t i = 1; i < snapshot.nodes.size(); ++i)
    nodes.push_back(NodeId{i});
  return nodes;
}

void List(const Snapshot& snapshot, const std::vector<NodeId>& nodes,
          const std::vector<std::vector<SourceFrame>>& frames) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    printf("0x%" PRIx64 "\n",
           snapshot.nodes.address[Index(nodes[i])] - kLoadBias);
    for (const SourceFrame& frame : frames[i]) {
      printf("  %s\n  %s:%u\n", frame.function->c_str(), frame.file->c_str(),
             frame.line);
    }
  }
}

// Of this process so far.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Time and result of one symbolizer from its making to the last frame.
void Run(const char* what, const Snapshot& snapshot,
         const heapline::SymbolizerOptions& options, bool is_listed) {
  const std::vector<NodeId> nodes = AllNodes(snapshot);
  const double cpu_begin = CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  auto symbolizer = heapline::Symbolizer::Create(options);
  const auto frames = symbolizer->Symbolize(snapshot, nodes);
  const std::chrono::duration<double> taken =
      std::chrono::steady_clock::now() - begin;
  const double cpu_taken = CpuSeconds() - cpu_begin;
  for (const std::string& note : symbolizer->Notes())
    fprintf(stderr, "note: %s\n", note.c_str());
  if (is_listed) {
    List(snapshot, nodes, frames);
    return;
  }
  size_t frame_count = 0;
  size_t with_line = 0;
  for (const auto& of_node : frames) {
    frame_count += of_node.size();
    with_line += of_node.front().line != 0 ? 1 : 0;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  printf(
      "%-6s %zu addresses, %zu frames, %zu with a line: %.3f s (CPU %.3f s), "
      "%ld MiB\n",
      what, nodes.size(), frame_count, with_line, taken.count(), cpu_taken,
      usage.ru_maxrss / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s FILE [ADDRESSES] [--list]\n", argv[0]);
    return 2;
  }
  const bool is_listed = argc > 3 && strcmp(argv[3], "--list") == 0;
  const uint64_t count = argc > 2 ? strtoull(argv[2], nullptr, 10) : 100000;
  const auto module = ElfModule::Open(argv[1]);
  if (!module.ok() || count == 0) {
    fprintf(stderr, "%s: %s\n", argv[1],
            std::string(module.status().message()).c_str());
    return 2;
  }
  const Snapshot snapshot = SnapshotOf(**module, count);
  char directory[] = "/tmp/symbolize_bench.XXXXXX";
  if (mkdtemp(directory) == nullptr) return 2;
  heapline::SymbolizerOptions options;
  options.cache_directory = directory;
  Run("cold", snapshot, options, is_listed);
  if (!is_listed) Run("cached", snapshot, options, is_listed);
  const std::string remove = std::string("rm -r ") + directory;
  return system(remove.c_str()) == 0 ? 0 : 2;
}
