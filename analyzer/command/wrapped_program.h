// wrapped_program.h: what the program is that `heapline run` is to start, found
// as execvp would find it, whether a preloaded library can get into it, and
// how. Reads files only; the answer is about this moment. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_WRAPPED_PROGRAM_H_
#define HEAPLINE_ANALYZER_COMMAND_WRAPPED_PROGRAM_H_

#include <string>

#include "analyzer/command/options_text.h"
#include "analyzer/command/program_runner.h"

namespace heapline {

// The file that execvp(name) would run; `name` itself when there is none.
std::string FindProgram(const std::string& name);

enum class Preload {
  kWorks,
  kIgnored,  // the loader leaves it out, silently; children may be traced
  kHarmful   // another ABI or C library: its loader would complain or fail
};

struct ProgramVerdict {
  Preload preload = Preload::kWorks;
  std::string reason;  // "it is statically linked"; empty for kWorks
};

// A script is judged by its interpreter. A file that cannot be read or is
// nothing we know counts as kWorks: exec will say what is wrong with it.
ProgramVerdict JudgeProgram(const std::string& path);

// The variables that make a program traced by the library `shim`, what is
// preloaded already kept behind it.
Environment TracedEnvironment(const std::string& shim,
                              const OptionList& options);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_WRAPPED_PROGRAM_H_
