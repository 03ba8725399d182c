#include "analyzer/command/wrapped_program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace heapline {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kOwnMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kOwnMachine = EM_AARCH64;
#endif

constexpr size_t kHeadBytes = 64 << 10;  // holds the program headers
constexpr int kMostInterpreters = 4;     // as the kernel allows

std::string ReadHead(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return "";
  struct stat facts;
  std::string head;
  if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode)) {
    head.resize(kHeadBytes);
    const ssize_t count = pread(fd, &head[0], head.size(), 0);
    head.resize(count > 0 ? static_cast<size_t>(count) : 0);
  }
  close(fd);
  return head;
}

// Whether exec gives it more rights than we have: the loader then takes no
// library from the environment.
std::string PrivilegeReason(const std::string& path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) return "";
  if ((facts.st_mode & S_ISUID) != 0 && facts.st_uid != getuid()) {
    return "it is setuid";
  }
  constexpr mode_t kSetgid = S_ISGID | S_IXGRP;
  if ((facts.st_mode & kSetgid) == kSetgid && facts.st_gid != getgid()) {
    return "it is setgid";
  }
  if (getuid() != 0 &&
      getxattr(path.c_str(), "security.capability", nullptr, 0) > 0) {
    return "it has file capabilities";
  }
  return "";
}

ProgramVerdict JudgeElf(absl::string_view head) {
  if (head[EI_CLASS] != ELFCLASS64) {
    return {Preload::kHarmful, "it is a 32-bit program"};
  }
  Elf64_Ehdr header;
  if (head.size() < sizeof header) return {};
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_machine != kOwnMachine) {
    return {Preload::kHarmful, "it is for another processor"};
  }
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const uint64_t offset = header.e_phoff + i * header.e_phentsize;
    Elf64_Phdr segment;
    if (header.e_phentsize < sizeof segment || header.e_phoff > head.size() ||
        offset + sizeof segment > head.size()) {
      break;
    }
    std::memcpy(&segment, head.data() + offset, sizeof segment);
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_offset < head.size() &&
        absl::StrContains(head.substr(segment.p_offset, segment.p_filesz),
                          "musl")) {
      return {Preload::kHarmful, "its C library is musl"};
    }
    return {};
  }
  return {Preload::kIgnored, "it is statically linked"};
}

// "#! /usr/bin/env python3": the interpreter's path.
std::string InterpreterOf(absl::string_view head) {
  absl::string_view line = head.substr(0, head.find('\n'));
  line.remove_prefix(2);
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.empty()) return "";
  if (absl::EndsWith(words[0], "/env")) {
    for (size_t i = 1; i < words.size(); ++i) {
      if (absl::StartsWith(words[i], "-") || absl::StrContains(words[i], "=")) {
        continue;
      }
      return FindProgram(std::string(words[i]));
    }
  }
  return std::string(words[0]);
}

}  // namespace

std::string FindProgram(const std::string& name) {
  if (name.empty() || absl::StrContains(name, "/")) return name;
  const char* path = getenv("PATH");
  for (const absl::string_view directory :
       absl::StrSplit(path != nullptr ? path : "/bin:/usr/bin", ':')) {
    const std::string candidate =
        absl::StrCat(directory.empty() ? "." : directory, "/", name);
    struct stat facts;
    if (access(candidate.c_str(), X_OK) == 0 &&
        stat(candidate.c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) {
      return candidate;
    }
  }
  return name;
}

ProgramVerdict JudgeProgram(const std::string& path) {
  std::string file = path;
  for (int depth = 0; depth <= kMostInterpreters; ++depth) {
    const std::string head = ReadHead(file);
    if (absl::StartsWith(head, "#!")) {
      // A script's own setuid bit means nothing to the kernel.
      file = InterpreterOf(head);
      continue;
    }
    if (head.size() <= EI_CLASS || !absl::StartsWith(head, ELFMAG)) return {};
    ProgramVerdict verdict = JudgeElf(head);
    if (verdict.preload == Preload::kWorks) {
      const std::string privilege = PrivilegeReason(file);
      if (!privilege.empty()) verdict = {Preload::kIgnored, privilege};
    }
    if (verdict.preload != Preload::kWorks && file != path) {
      absl::StrAppend(&verdict.reason, " (its interpreter, ", file, ")");
    }
    return verdict;
  }
  return {};
}

Environment TracedEnvironment(const std::string& shim,
                              const OptionList& options) {
  const char* const others = getenv("LD_PRELOAD");
  return {{"LD_PRELOAD", others != nullptr && others[0] != '\0'
                             ? absl::StrCat(shim, ":", others)
                             : shim},
          {"HEAPLINE_OPTIONS", JoinOptionList(options)}};
}

}  // namespace heapline
