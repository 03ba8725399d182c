// again.cc
#include "samples/demo/again.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "samples/runtime/errors.h"

namespace demo {
namespace {

// Set in the second run alone. Its options say nothing: whoever started the
// first may have asked for the same.
constexpr char kMark[] = "HEAPLINE_DEMO_AGAIN";

std::string FolderOfAgain(const Stage& stage) {
  return stage.directory() + "/again";
}

[[noreturn]] void BecomeAgain(const Stage& stage, const std::string& options,
                              uint64_t address_space_bytes) {
  setenv("HEAPLINE_OPTIONS", options.c_str(), 1);
  setenv(kMark, "1", 1);
  const rlimit limit = {address_space_bytes, address_space_bytes};
  if (address_space_bytes != kNoLimit && setrlimit(RLIMIT_AS, &limit) != 0) {
    perror("heapline-demo: limiting the address space");
    _exit(2);
  }
  execl("/proc/self/exe", "heapline-demo", stage.scenario().name, "--heap",
        HeapName(stage.heap()), static_cast<char*>(nullptr));
  perror("heapline-demo: running it again");
  _exit(2);
}

[[noreturn]] void Fail(const std::string& why) {
  throw runtime::RuntimeError("running it again: " + why);
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
  int status = 0;
  pid_t ended = child;
  if (child > 0) {
    do {
      ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
  }
  if (ended < 0) Fail(strerror(errno));
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
    Fail("it ended with status " + std::to_string(WEXITSTATUS(status)));
  return status;
}

bool IsRunAgain() { return getenv(kMark) != nullptr; }

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
