// again.cc
#include "samples/demo/again.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace demo {
namespace {

constexpr char kOptions[] = "HEAPLINE_OPTIONS";

std::string FolderOfAgain(const Stage& stage) {
  return stage.directory() + "/again";
}

[[noreturn]] void BecomeAgain(const Stage& stage, const std::string& options,
                              uint64_t address_space_bytes) {
  setenv(kOptions, options.c_str(), 1);
  if (address_space_bytes != kNoLimit) {
    const rlimit limit = {address_space_bytes, address_space_bytes};
    setrlimit(RLIMIT_AS, &limit);
  }
  execl("/proc/self/exe", "heapline-demo", stage.scenario().name, "--heap",
        stage.heap() == runtime::Heap::kMalloc ? "malloc" : "pools",
        static_cast<char*>(nullptr));
  perror("heapline-demo: running it again");
  _exit(2);
}

}  // namespace

int RunAgain(const Stage& stage, const std::string& options,
             uint64_t address_space_bytes) {
  const std::string all =
      stage.directory().empty()
          ? "at_exit=0:" + options
          : "out=\"" + FolderOfAgain(stage) + "\":at_exit=0:" + options;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) BecomeAgain(stage, all, address_space_bytes);
  int status = -1;
  if (child > 0) waitpid(child, &status, 0);
  return status;
}

bool IsRunAgain(const std::string& options) {
  const char* const all = getenv(kOptions);
  return all != nullptr && strstr(all, options.c_str()) != nullptr;
}

std::vector<std::string> SnapshotsOfAgain(const Stage& stage) {
  std::vector<std::string> files;
  std::error_code none;
  if (stage.directory().empty()) return files;
  for (const auto& file :
       std::filesystem::directory_iterator(FolderOfAgain(stage), none)) {
    if (file.path().extension() == ".hl") files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace demo
