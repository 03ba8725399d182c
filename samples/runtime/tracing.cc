// tracing.cc: asks the tracer through heapline.h, and the analyzer through its
// command.
#include "samples/runtime/tracing.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "heapline/heapline.h"
#include "samples/runtime/errors.h"

namespace runtime::tracing {
namespace {

// Frames of these files hand out memory for their callers: a row is the line of
// the program that asked.
constexpr char kRuntimeFiles[] = "*/samples/runtime/*";

struct Settings {
  std::string directory = "heapline-snapshots";
  std::string command = "heapline";
  bool is_stopped = false;
};

Settings& Current() {
  static Settings settings;
  return settings;
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// The number N of "PROGRAM.PID.N.hl"; -1: another file.
long NumberOfSnapshot(const std::string& name) {
  const std::string marker = "." + std::to_string(getpid()) + ".";
  const size_t found = name.rfind(marker);
  if (found == std::string::npos) return -1;
  char* end = nullptr;
  const char* const digits = name.c_str() + found + marker.size();
  const long number = strtol(digits, &end, 10);
  return end != digits && strcmp(end, ".hl") == 0 ? number : -1;
}

// This process's last; "": none.
std::string NewestSnapshot(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(directory.c_str()),
                                                    closedir);
  if (entries == nullptr) return "";
  long newest = -1;
  std::string file;
  while (const dirent* entry = readdir(entries.get())) {
    const long number = NumberOfSnapshot(entry->d_name);
    if (number <= newest) continue;
    newest = number;
    file = directory + "/" + entry->d_name;
  }
  return file;
}

// The command is not to be traced, nor to write snapshots of its own.
std::vector<char*> EnvironmentWithoutTracer() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!StartsWith(*variable, "LD_PRELOAD=") &&
        !StartsWith(*variable, "HEAPLINE_OPTIONS="))
      kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

File TemporaryFile() {
  File file(tmpfile(), fclose);
  if (file == nullptr)
    throw RuntimeError(std::string("making a temporary file: ") +
                       strerror(errno));
  return file;
}

std::string Contents(FILE* file) {
  std::string text;
  rewind(file);
  char part[4096];
  while (const size_t bytes = fread(part, 1, sizeof part, file))
    text.append(part, bytes);
  return text;
}

// The standard output of a report. RuntimeError where the command exits with
// anything but 0.
std::string RunReport(std::vector<std::string> arguments) {
  const File output = TemporaryFile();
  const File errors = TemporaryFile();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(output.get()), 1);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors.get()), 2);
  arguments.insert(arguments.begin(), Current().command);
  arguments.insert(arguments.end(), {"--wrapper", kRuntimeFiles});
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  std::vector<char*> environment = EnvironmentWithoutTracer();
  pid_t child = -1;
  const int error = posix_spawnp(&child, words[0], &actions, nullptr,
                                 words.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw RuntimeError("running " + arguments[0] + ": " + strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw RuntimeError(arguments[0] + " " + arguments[1] +
                       " failed: " + Contents(errors.get()));
  return Contents(output.get());
}

// The lines that are rows: not what stands indented below one, nor the sums at
// the end.
std::vector<std::string> Rows(const std::string& text) {
  std::vector<std::string> rows;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    if (StartsWith(line, "... ") || StartsWith(line, "total: ")) break;
    if (!line.empty() && line[0] != ' ') rows.push_back(line);
  }
  return rows;
}

}  // namespace

void Configure(const std::string& directory, const std::string& command) {
  Current().directory = directory;
  Current().command = command;
}

void Start() {
  Current().is_stopped = false;
  heapline_start();
}

void Stop() {
  Current().is_stopped = true;
  heapline_stop();
}

bool IsTracing() { return heapline_is_present() != 0 && !Current().is_stopped; }

TracedMemory GetTracedMemory() { return {heapline_current(), heapline_peak()}; }

void ResetPeak() { heapline_reset_peak(); }

Snapshot TakeSnapshot(const std::string& label) {
  if (!IsTracing()) {
    throw RuntimeError(
        "taking a snapshot: this process is not being traced; call Start, or "
        "run it by `heapline run`");
  }
  if (heapline_snapshot(label.empty() ? nullptr : label.c_str()) != 0)
    throw RuntimeError("taking a snapshot: the tracer could not write it");
  const std::string& directory = Current().directory;
  const std::string file = NewestSnapshot(directory);
  if (file.empty()) {
    throw RuntimeError("taking a snapshot: none of this process in " +
                       directory + "; tell Configure where the tracer writes");
  }
  return Snapshot(file);
}

std::vector<std::string> Snapshot::Statistics(const std::string& key,
                                              size_t n) const {
  return Rows(RunReport({"top", file_, "--by", key, "-n", std::to_string(n)}));
}

std::vector<std::string> Snapshot::CompareTo(const Snapshot& older,
                                             const std::string& key,
                                             size_t n) const {
  return Rows(RunReport(
      {"diff", older.file_, file_, "--by", key, "-n", std::to_string(n)}));
}

// The last line is "total: size=…, count=…; 288000 bytes", without the figure
// where nothing is there.
uint64_t Snapshot::LiveBytes(const std::string& function) const {
  const std::string text =
      RunReport({"top", file_, "--by", "stack", "--include", function, "-n",
                 "1"});
  const size_t total = text.rfind("\ntotal: ");
  const size_t figure = text.rfind("; ");
  if (total == std::string::npos || figure == std::string::npos ||
      figure < total)
    return 0;
  return strtoull(text.c_str() + figure + 2, nullptr, 10);
}

}  // namespace runtime::tracing
