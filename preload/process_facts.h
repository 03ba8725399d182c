// process_facts.h: what the kernel told the process about itself at exec, and
// where its snapshots go. Filled in once at start (the paths must be known
// before a chroot or chdir), immutable after. Readable by every thread.
#ifndef HEAPLINE_PRELOAD_PROCESS_FACTS_H_
#define HEAPLINE_PRELOAD_PROCESS_FACTS_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

inline constexpr size_t kPathBytes = 4096;

struct ProcessFacts {
  bool is_secure;               // AT_SECURE: setuid, file capabilities …
  uintptr_t vdso;               // AT_SYSINFO_EHDR, or 0
  const char* options;          // HEAPLINE_OPTIONS as given, or NULL
  const char* preload;          // LD_PRELOAD as given, or NULL
  const char* invoked_as;       // argv[0], "" when there is none
  const char* started_as;       // AT_EXECFN: the path given to exec, or NULL
  char executable[kPathBytes];  // "" when /proc does not say
  const char* program;          // last part of the name it was started by
  char output[kPathBytes];      // `out`, absolute
};

extern ProcessFacts process_facts __attribute__((visibility("hidden")));

// Reads the block that the kernel laid out above the initial stack: arguments
// and environment (into `tracer`) and the auxiliary vector. False: the block
// cannot be found.
bool ReadInitialBlock(const void* initial_stack);

// Executable and program. Needs /proc.
void NoteExecutable();

// Makes the option `out` absolute, by the working directory of now.
void NoteOutputPath(const char* out);

// The value of `name` in the kernel's environment block, or NULL.
const char* EnvironmentValue(const char* name);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_PROCESS_FACTS_H_
