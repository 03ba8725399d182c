#include "preload/process_facts.h"

#include <elf.h>

#include "preload/message.h"
#include "preload/sys.h"
#include "preload/text_builder.h"
#include "preload/tracer.h"

namespace heapline {

ProcessFacts process_facts;

namespace {

const char* LastPart(const char* path) {
  const char* part = path;
  for (const char* at = path; *at != '\0'; ++at) {
    if (*at == '/' && at[1] != '\0') part = at + 1;
  }
  return part;
}

// The kernel's mark on the path of an executable that was removed.
void CutDeletedMark(char* path, size_t length) {
  constexpr char kMark[] = " (deleted)";
  constexpr size_t kMarkLength = sizeof kMark - 1;
  if (length > kMarkLength && Equal(path + length - kMarkLength, kMark)) {
    path[length - kMarkLength] = '\0';
  }
}

// What the user started: a symbolic link's own name (redis-server, which leads
// to redis-check-rdb), a script's rather than its interpreter's. Not the names
// by which programs execute an open file or themselves.
const char* NameOfProgram() {
  const char* started_as = process_facts.started_as;
  if (started_as != nullptr && started_as[0] != '\0' &&
      !StartsWith(started_as, "/proc/") &&
      !StartsWith(started_as, "/dev/fd/")) {
    return started_as;
  }
  return process_facts.executable[0] != '\0' ? process_facts.executable
                                             : process_facts.invoked_as;
}

}  // namespace

bool ReadInitialBlock(const void* initial_stack) {
  if (initial_stack == nullptr) return false;
  const uintptr_t* word = static_cast<const uintptr_t*>(initial_stack);
  const uintptr_t count = *word++;
  if (count > (1u << 24)) return false;
  tracer.arguments = reinterpret_cast<char**>(const_cast<uintptr_t*>(word));
  word += count;
  if (*word++ != 0) return false;
  tracer.environment = reinterpret_cast<char**>(const_cast<uintptr_t*>(word));
  while (*word++ != 0) {
  }
  for (; word[0] != AT_NULL; word += 2) {
    if (word[0] == AT_SECURE) process_facts.is_secure = word[1] != 0;
    if (word[0] == AT_SYSINFO_EHDR) process_facts.vdso = word[1];
    if (word[0] == AT_EXECFN) {
      process_facts.started_as = reinterpret_cast<const char*>(word[1]);
    }
  }
  process_facts.options = EnvironmentValue("HEAPLINE_OPTIONS");
  process_facts.preload = EnvironmentValue("LD_PRELOAD");
  process_facts.invoked_as = count > 0 ? tracer.arguments[0] : "";
  return true;
}

const char* EnvironmentValue(const char* name) {
  if (tracer.environment == nullptr) return nullptr;
  for (char** entry = tracer.environment; *entry != nullptr; ++entry) {
    const char* at = *entry;
    const char* key = name;
    while (*key != '\0' && *at == *key) {
      ++at;
      ++key;
    }
    if (*key == '\0' && *at == '=') return at + 1;
  }
  return nullptr;
}

void NoteExecutable() {
  const long length =
      sys::Call(SYS_readlink, sys::Arg("/proc/self/exe"),
                sys::Arg(process_facts.executable), kPathBytes - 1);
  process_facts.executable[length > 0 ? length : 0] = '\0';
  if (length > 0) {
    CutDeletedMark(process_facts.executable, static_cast<size_t>(length));
  }
  process_facts.program = LastPart(NameOfProgram());
  if (process_facts.program[0] == '\0') process_facts.program = "program";
}

void NoteOutputPath(const char* out) {
  TextBuilder path(process_facts.output, kPathBytes);
  if (out[0] != '/') {
    // The kernel's count includes the NUL; "(unreachable)…" is no path.
    const long count =
        sys::Call(SYS_getcwd, sys::Arg(process_facts.output), kPathBytes - 1);
    if (count > 1 && process_facts.output[0] == '/') {
      char* end = process_facts.output + count - 1;
      path = TextBuilder(end, kPathBytes - static_cast<size_t>(count - 1));
      if (count > 2) path.Byte('/');
      path.Text(out);
      return;
    }
    process_facts.output[0] = '\0';
  }
  path.Text(out);
}

}  // namespace heapline
