// process_facts.h: what /proc tells of another process: is it there, since
// when, what its threads do with a signal, which control page it has mapped.
// Every answer may be old when it arrives; callers check again by what they do
// next. Reads only. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_COMMAND_PROCESS_FACTS_H_
#define HEAPLINE_ANALYZER_COMMAND_PROCESS_FACTS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"

namespace heapline {

// The bytes of a small file of /proc; nullopt when it cannot be read.
absl::optional<std::string> ReadProcText(const std::string& path);

// "/proc/PID" or "/proc/PID/task/TID".
std::string ProcPath(pid_t pid);
std::string ProcTaskPath(pid_t pid, pid_t tid);

// Start time in clock ticks since boot, as /proc/PID/stat has it; nullopt:
// there is no such process.
absl::optional<uint64_t> StartTicks(pid_t pid);

struct SignalFacts {
  char state = '?';      // R, S, D, T, t, Z, X
  uint64_t blocked = 0;  // bit n - 1: signal n
  uint64_t caught = 0;
  pid_t innermost_pid = 0;  // the pid in the process's own namespace
};
// From /proc/PID/status or /proc/PID/task/TID/status.
absl::optional<SignalFacts> ReadSignalFacts(const std::string& proc_path);

std::vector<pid_t> ThreadIds(pid_t pid);

// 1 + the number of the system call that the thread waits in; 0: in none, or
// we may not know.
uint32_t WaitingCallPlusOne(pid_t pid, pid_t tid);

// What /proc/PID/maps says of heapline.
struct MappedTracer {
  bool is_readable = false;  // else nothing is known
  bool has_shim = false;
  std::string page_path;  // as the process names it; empty: none mapped
};
MappedTracer FindMappedTracer(pid_t pid, pid_t innermost_pid);

// Inode of /proc/PID/ns/pid; 0: unknown.
uint64_t PidNamespace(pid_t pid);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_PROCESS_FACTS_H_
