// program_runner.h: runs one program in front of us as if we were not there:
// it gets our terminal, descriptors, signal mask and dispositions; signals
// that are sent to us are passed on; when it stops we stop. What the terminal
// sends goes to the whole group, so the program has it already.
//
// One program at a time, and not while other threads run: blocks all signals
// of the calling thread until the program has ended.
#ifndef HEAPLINE_ANALYZER_COMMAND_PROGRAM_RUNNER_H_
#define HEAPLINE_ANALYZER_COMMAND_PROGRAM_RUNNER_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace heapline {

// Variables to set, with their values.
using Environment = std::vector<std::pair<std::string, std::string>>;

struct ProgramToRun {
  std::vector<std::string> arguments;  // the first one names it, as for execvp
  Environment environment;
  int standard_output = -1;  // a descriptor to write to instead of ours
  // Called before a signal is passed on.
  std::function<void(pid_t pid, int signal)> before_signal;
};

struct ProgramEnd {
  pid_t pid = 0;
  int wait_status = 0;  // as from waitpid
  int exec_error = 0;   // not 0: it never began
  // The signal that ended it, where that was sent to us, too: whoever sent it
  // means us to end as well. Else 0.
  int shared_signal = 0;
};

absl::StatusOr<ProgramEnd> RunProgram(const ProgramToRun& program);

// Ends this process by a signal that ended a program, without a core file of
// its own. Nothing is destroyed: what is temporary must be gone.
[[noreturn]] void EndBySignal(int signal);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_PROGRAM_RUNNER_H_
