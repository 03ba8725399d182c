// heapline pack FILE…: compresses snapshots in place.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/base/progress.h"
#include "analyzer/base/text.h"
#include "analyzer/command/commands.h"
#include "analyzer/snapshot/pack.h"
#include "analyzer/snapshot/snapshot_set.h"

namespace heapline {
namespace {

std::string Sentence(const std::string& path, const PackResult& result) {
  const std::string name = SafeText(path);
  switch (result.outcome) {
    case PackResult::kWasPacked:
      return name + ": is packed already, left as it is";
    case PackResult::kNoGain:
      return name + ": would not become smaller, left as it is";
    case PackResult::kPacked:
      break;
  }
  return name + ": " + HumanBytes(result.old_bytes) + " -> " +
         HumanBytes(result.new_bytes);
}

// One file or directory; returns an exit status. A file that cannot be packed
// does not keep the others from it.
int PackArgument(const std::string& argument) {
  const absl::StatusOr<std::vector<SnapshotFile>> files =
      TryListSnapshots(argument);
  if (!files.ok()) {
    std::fprintf(stderr, "heapline pack: %s\n",
                 std::string(files.status().message()).c_str());
    return kExitCannot;
  }
  int exit_status = kExitDone;
  Progress progress("packing", files->size());
  for (size_t i = 0; i < files->size(); ++i) {
    const std::string& path = (*files)[i].path;
    const absl::StatusOr<PackResult> result = TryPackFile(path);
    if (result.ok()) {
      std::printf("%s\n", Sentence(path, *result).c_str());
    } else {
      std::fprintf(stderr, "heapline pack: %s\n",
                   std::string(result.status().message()).c_str());
      exit_status = kExitCannot;
    }
    progress.Show(i + 1);
  }
  return exit_status;
}

}  // namespace

CommandAction DeclarePack(CommandContext& context, CLI::App& command) {
  (void)context;
  auto files = std::make_shared<std::vector<std::string>>();
  command
      .add_option("FILE", *files,
                  "Snapshots, or directories of them; replaced by their packed "
                  "form, which every command reads as well")
      ->required();
  return [files]() -> absl::StatusOr<int> {
    int exit_status = kExitDone;
    for (const std::string& file : *files) {
      const int status = PackArgument(file);
      if (status != kExitDone) exit_status = status;
    }
    return exit_status;
  };
}

}  // namespace heapline
