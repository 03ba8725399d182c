/* instruction_count: how many instructions a malloc and its free take, exactly:
 * steps a traced child through its pairs one instruction at a time.
 *
 *   instruction_count PAIRS DEPTH [SHIM OPTIONS]
 *
 * The child allocates from DEPTH frames below its loop, whose outer part stays,
 * as alloc_depth does; with SHIM it runs under LD_PRELOAD=SHIM. Prints
 * instructions a pair by the file whose code they are. Wants no privilege, no
 * hardware counter and no quiet machine: the same figures on every run. */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMaxFiles = 16, kWarmUp = 4000, kLiveBlocks = 64, kInnerFrames = 6 };

/* ---- The child. */

/* An instruction pointer at one of these starts and ends the count. */
__attribute__((noinline, noclone)) static void Mark(void) {
  __asm__ volatile("");
}

static void* ring[kLiveBlocks];

__attribute__((noinline)) static void* Allocate(int levels) {
  void* block = levels == 0 ? malloc(64) : Allocate(levels - 1);
  __asm__ volatile("" : "+r"(block));
  return block;
}

static void Pairs(int pairs, int inner) {
  for (int i = 0; i < pairs; ++i) {
    void** slot = &ring[i % kLiveBlocks];
    free(*slot);
    *slot = Allocate(inner);
  }
}

__attribute__((noinline)) static void Descend(int levels, int pairs) {
  volatile int keep = levels;
  if (levels > kInnerFrames) {
    Descend(levels - 1, pairs);
  } else {
    Pairs(kWarmUp, levels);
    Mark();
    Pairs(pairs, levels);
    Mark();
  }
  if (keep != levels) abort();
}

static int BeMeasured(int pairs, int depth) {
  if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) return 1;
  raise(SIGSTOP);
  Descend(depth, pairs);
  return 0;
}

/* ---- The parent. */

struct File {
  char name[64];
  uint64_t instructions;
};
struct Mapping {
  uint64_t start, end;
  int file;
};

static struct File files[kMaxFiles];
static struct Mapping mappings[256];
static int file_count, mapping_count;

static int FileNamed(const char* name) {
  for (int i = 0; i < file_count; ++i) {
    if (strcmp(files[i].name, name) == 0) return i;
  }
  if (file_count == kMaxFiles) return kMaxFiles - 1;
  snprintf(files[file_count].name, sizeof(files[0].name), "%s", name);
  return file_count++;
}

static void ReadMappings(pid_t child) {
  char path[64], line[512];
  snprintf(path, sizeof(path), "/proc/%d/maps", child);
  FILE* maps = fopen(path, "r");
  if (maps == NULL) exit(1);
  while (fgets(line, sizeof(line), maps) != NULL && mapping_count < 256) {
    unsigned long long start, end;
    char permissions[8], name[300] = "[anonymous]";
    if (sscanf(line, "%llx-%llx %7s %*s %*s %*s %299s", &start, &end,
               permissions, name) < 3 ||
        permissions[2] != 'x') {
      continue;
    }
    const char* slash = strrchr(name, '/');
    mappings[mapping_count++] = (struct Mapping){
        start, end, FileNamed(slash != NULL ? slash + 1 : name)};
  }
  fclose(maps);
}

static void Count(uint64_t rip) {
  static int last;
  if (rip < mappings[last].start || rip >= mappings[last].end) {
    for (last = 0; last < mapping_count - 1; ++last) {
      if (rip >= mappings[last].start && rip < mappings[last].end) break;
    }
  }
  ++files[mappings[last].file].instructions;
}

/* One instruction of the child; 0 when it is gone. */
static uint64_t Step(pid_t child) {
  int status;
  struct user_regs_struct registers;
  if (ptrace(PTRACE_SINGLESTEP, child, 0, 0) != 0 ||
      waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status) ||
      ptrace(PTRACE_GETREGS, child, 0, &registers) != 0) {
    return 0;
  }
  return registers.rip;
}

/* Lets the child run to `address` through a breakpoint. */
static int RunTo(pid_t child, uint64_t address) {
  const long word = ptrace(PTRACE_PEEKTEXT, child, address, 0);
  ptrace(PTRACE_POKETEXT, child, address, (word & ~0xffL) | 0xcc);
  int status;
  if (ptrace(PTRACE_CONT, child, 0, 0) != 0 ||
      waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status)) {
    return 0;
  }
  struct user_regs_struct registers;
  ptrace(PTRACE_GETREGS, child, 0, &registers);
  ptrace(PTRACE_POKETEXT, child, address, word);
  registers.rip = address;
  ptrace(PTRACE_SETREGS, child, 0, &registers);
  return 1;
}

/* Where the child's image has what is at `own` in ours. */
static uint64_t InChild(pid_t child, const void* own) {
  extern char __executable_start;
  char path[64];
  unsigned long long start = 0;
  snprintf(path, sizeof(path), "/proc/%d/maps", child);
  FILE* maps = fopen(path, "r");
  if (maps == NULL || fscanf(maps, "%llx-", &start) != 1) exit(1);
  fclose(maps);
  return start + ((uint64_t)own - (uint64_t)&__executable_start);
}

static int Measure(char** argv, int pairs) {
  const pid_t child = fork();
  if (child == 0) {
    if (argv[3] != NULL) {
      setenv("LD_PRELOAD", argv[3], 1);
      setenv("HEAPLINE_OPTIONS", argv[4], 1);
    }
    execl("/proc/self/exe", argv[0], argv[1], argv[2], "--measured", NULL);
    _exit(127);
  }
  int status;
  if (child < 0 || waitpid(child, &status, __WALL) != child ||
      !WIFSTOPPED(status) || !RunTo(child, InChild(child, (void*)&Mark))) {
    fprintf(stderr, "instruction_count: the child did not start\n");
    return 1;
  }
  ReadMappings(child);
  const uint64_t mark = InChild(child, (void*)&Mark);
  uint64_t rip = mark;
  do {
    Count(rip);
    rip = Step(child);
  } while (rip != 0 && rip != mark);
  if (rip == 0 || ptrace(PTRACE_KILL, child, 0, 0) != 0) {
    fprintf(stderr, "instruction_count: the child was lost\n");
    return 1;
  }
  for (int i = 0; i < file_count; ++i) {
    if (files[i].instructions == 0) continue;
    printf("%s %.1f\n", files[i].name, (double)files[i].instructions / pairs);
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s PAIRS DEPTH [SHIM OPTIONS]\n", argv[0]);
    return 2;
  }
  const int pairs = atoi(argv[1]);
  if (argc == 4) return BeMeasured(pairs, atoi(argv[2]));
  return Measure(argv, pairs);
}
