#include "analyzer/symbolize/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace heapline {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;
constexpr size_t kMaxJitNameBytes = 4096;
constexpr uint64_t kNanosecondsPerSecond = 1000000000;

bool IsOfThisProcess(const struct stat& status, uint64_t process_start_ns) {
  return static_cast<uint64_t>(status.st_mtim.tv_sec) + 1 >=
         process_start_ns / kNanosecondsPerSecond;
}

std::string ReadAll(int descriptor, uint64_t bytes) {
  std::string text(bytes, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = read(descriptor, &text[done], text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  text.resize(done);
  return text;
}

bool ConsumeHex(absl::string_view* line, uint64_t* number) {
  const size_t space = line->find(' ');
  if (space == absl::string_view::npos) return false;
  if (!absl::SimpleHexAtoi(line->substr(0, space), number)) return false;
  line->remove_prefix(space + 1);
  return true;
}

}  // namespace

PerfMap PerfMap::Read(const std::string& directory, uint64_t process_id,
                      uint64_t process_start_ns) {
  const std::string path =
      absl::StrCat(directory, "/perf-", process_id, ".map");
  const int descriptor = open(
      path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
  if (descriptor < 0) return PerfMap();
  std::string text;
  struct stat status;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
      IsOfThisProcess(status, process_start_ns)) {
    text = ReadAll(descriptor, std::min(kMaxFileBytes,
                                        static_cast<uint64_t>(status.st_size)));
  }
  close(descriptor);
  return Parse(text);
}

PerfMap PerfMap::Parse(absl::string_view text) {
  PerfMap map;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    Function function;
    uint64_t bytes = 0;
    if (!ConsumeHex(&line, &function.start) || !ConsumeHex(&line, &bytes) ||
        line.empty() || bytes == 0 ||
        __builtin_add_overflow(function.start, bytes, &function.end)) {
      continue;
    }
    function.name = std::string(line.substr(0, kMaxJitNameBytes));
    map.functions_.push_back(std::move(function));
  }
  // Of one start the last line counts: code is compiled again in place.
  std::stable_sort(
      map.functions_.begin(), map.functions_.end(),
      [](const Function& a, const Function& b) { return a.start < b.start; });
  size_t kept = 0;
  for (size_t i = 0; i < map.functions_.size(); ++i) {
    if (kept > 0 && map.functions_[kept - 1].start == map.functions_[i].start)
      --kept;
    if (kept != i) map.functions_[kept] = std::move(map.functions_[i]);
    ++kept;
  }
  map.functions_.resize(kept);
  return map;
}

absl::string_view PerfMap::FunctionAt(uint64_t address) const {
  auto after = std::upper_bound(functions_.begin(), functions_.end(), address,
                                [](uint64_t wanted, const Function& function) {
                                  return wanted < function.start;
                                });
  if (after == functions_.begin()) return "";
  --after;
  return address < after->end ? absl::string_view(after->name) : "";
}

}  // namespace heapline
