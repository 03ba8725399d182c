#include "analyzer/command/process_facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace heapline {
namespace {

// Far above any file read here, far below what would hurt: maps of a large
// process have some ten thousand lines.
constexpr size_t kMostBytes = 64 << 20;

bool ParseHex(absl::string_view text, uint64_t* value) {
  return absl::SimpleHexAtoi(text, value);
}

}  // namespace

absl::optional<std::string> ReadProcText(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return absl::nullopt;
  std::string text;
  char buffer[16384];
  ssize_t count;
  while ((count = read(fd, buffer, sizeof buffer)) > 0 &&
         text.size() < kMostBytes) {
    text.append(buffer, static_cast<size_t>(count));
  }
  close(fd);
  if (count < 0) return absl::nullopt;
  return text;
}

std::string ProcPath(pid_t pid) { return absl::StrCat("/proc/", pid); }

std::string ProcTaskPath(pid_t pid, pid_t tid) {
  return absl::StrCat("/proc/", pid, "/task/", tid);
}

absl::optional<uint64_t> StartTicks(pid_t pid) {
  const absl::optional<std::string> stat =
      ReadProcText(absl::StrCat(ProcPath(pid), "/stat"));
  if (!stat) return absl::nullopt;
  // Field 22. The name, field 2, is in parentheses and may hold anything.
  const size_t after_name = stat->rfind(')');
  if (after_name == std::string::npos) return absl::nullopt;
  const std::vector<absl::string_view> fields = absl::StrSplit(
      absl::string_view(*stat).substr(after_name + 1), ' ', absl::SkipEmpty());
  constexpr size_t kStartTime = 22 - 3;
  uint64_t ticks = 0;
  if (fields.size() <= kStartTime ||
      !absl::SimpleAtoi(fields[kStartTime], &ticks)) {
    return absl::nullopt;
  }
  return ticks;
}

absl::optional<SignalFacts> ReadSignalFacts(const std::string& proc_path) {
  const absl::optional<std::string> status =
      ReadProcText(absl::StrCat(proc_path, "/status"));
  if (!status) return absl::nullopt;
  SignalFacts facts;
  for (absl::string_view line : absl::StrSplit(*status, '\n')) {
    if (absl::ConsumePrefix(&line, "State:\t")) {
      if (!line.empty()) facts.state = line[0];
    } else if (absl::ConsumePrefix(&line, "SigBlk:\t")) {
      ParseHex(line, &facts.blocked);
    } else if (absl::ConsumePrefix(&line, "SigCgt:\t")) {
      ParseHex(line, &facts.caught);
    } else if (absl::ConsumePrefix(&line, "NSpid:")) {
      const std::vector<absl::string_view> pids =
          absl::StrSplit(line, '\t', absl::SkipEmpty());
      int pid = 0;
      if (!pids.empty() && absl::SimpleAtoi(pids.back(), &pid)) {
        facts.innermost_pid = pid;
      }
    }
  }
  return facts;
}

std::vector<pid_t> ThreadIds(pid_t pid) {
  std::vector<pid_t> ids;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(
      opendir(absl::StrCat(ProcPath(pid), "/task").c_str()), closedir);
  if (directory == nullptr) return ids;
  while (const dirent* entry = readdir(directory.get())) {
    int tid = 0;
    if (absl::SimpleAtoi(entry->d_name, &tid)) ids.push_back(tid);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

uint32_t WaitingCallPlusOne(pid_t pid, pid_t tid) {
  const absl::optional<std::string> call =
      ReadProcText(absl::StrCat(ProcTaskPath(pid, tid), "/syscall"));
  if (!call) return 0;  // needs the right to trace the process
  const std::vector<absl::string_view> words = absl::StrSplit(*call, ' ');
  uint32_t number = 0;
  if (words.empty() || !absl::SimpleAtoi(words[0], &number)) return 0;
  return number < 0xffff ? number + 1 : 0;
}

MappedTracer FindMappedTracer(pid_t pid, pid_t innermost_pid) {
  MappedTracer tracer;
  const absl::optional<std::string> maps =
      ReadProcText(absl::StrCat(ProcPath(pid), "/maps"));
  if (!maps || maps->empty()) return tracer;
  tracer.is_readable = true;
  const std::string page_name = absl::StrCat(innermost_pid, ".");
  for (const absl::string_view line : absl::StrSplit(*maps, '\n')) {
    const size_t slash = line.find('/');
    if (slash == absl::string_view::npos) continue;
    absl::string_view path = line.substr(slash);
    absl::ConsumeSuffix(&path, " (deleted)");
    const size_t last = path.rfind('/');
    const absl::string_view name = path.substr(last + 1);
    if (name == "libheapline.so") tracer.has_shim = true;
    absl::string_view rest = name;
    uint64_t ticks;
    if (absl::StrContains(path.substr(0, last), "/heapline") &&
        absl::ConsumePrefix(&rest, page_name) &&
        absl::SimpleAtoi(rest, &ticks)) {
      tracer.page_path = std::string(path);
    }
  }
  return tracer;
}

uint64_t PidNamespace(pid_t pid) {
  struct stat facts;
  if (stat(absl::StrCat(ProcPath(pid), "/ns/pid").c_str(), &facts) != 0) {
    return 0;
  }
  return facts.st_ino;
}

}  // namespace heapline
