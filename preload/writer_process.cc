#include "preload/writer_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "preload/control.h"
#include "preload/message.h"
#include "preload/pages.h"
#include "preload/proc_files.h"
#include "preload/reserved_signal.h"
#include "preload/sys.h"

namespace heapline {
namespace {

constexpr size_t kStackBytes = 128 << 10;
constexpr unsigned kWaitNow = 1;                 // WNOHANG
constexpr unsigned kWaitExited = 4;              // WEXITED
constexpr unsigned kWaitLeave = 0x01000000;      // WNOWAIT
constexpr unsigned kWaitClone = 0x80000000;      // __WCLONE
constexpr unsigned kCloneUntraced = 0x00800000;  // a debugger stays with us
constexpr int kByPid = 1;                        // P_PID

// What waitid fills in of a siginfo_t; pid 0: nobody is dead yet.
struct KernelSiginfo {
  int32_t signal;
  int32_t error;
  int32_t code;
  int32_t padding;
  int32_t pid;
  int32_t rest[27];
};
static_assert(sizeof(KernelSiginfo) == 128, "as the kernel has it");

// The same for every child: each has its own copy of it.
char* stack;

struct Job {
  const CutFacts* facts;
  WriterPage* page;
};

void SetState(WriterPage* page, WriterState state) {
  __atomic_store_n(&page->state, static_cast<uint32_t>(state),
                   __ATOMIC_RELEASE);
  sys::FutexWake(&page->state, INT32_MAX, true);
}

void CloseAllDescriptors() {
  constexpr long kCloseRange = 436;
  if (sys::Call(kCloseRange, 0, sys::Arg(~0u), 0) == 0) return;
  NumberedEntries entries("/proc/self/fd");
  if (entries.is_open()) {
    int32_t descriptor;
    while (entries.Next(&descriptor)) {
      if (descriptor != entries.descriptor()) sys::Close(descriptor);
    }
    return;
  }
  struct rlimit limit = {1024, 1024};
  sys::Call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, sys::Arg(&limit));
  for (rlim_t i = 0; i < limit.rlim_cur && i < (1u << 20); ++i) {
    sys::Close(static_cast<int>(i));
  }
}

// The program's soft limit of descriptors is its own affair.
void AllowDescriptors() {
  struct rlimit limit = {0, 0};
  if (sys::Call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, sys::Arg(&limit)) != 0) {
    return;
  }
  limit.rlim_cur = limit.rlim_max;
  sys::Call(SYS_prlimit64, 0, RLIMIT_NOFILE, sys::Arg(&limit), 0);
}

// A fault in the child must end the child, silently.
void TakeOwnFaults() {
  const KernelSigaction action = {kDefaultAction, 0, 0, 0};
  KernelSetAction(SIGSEGV, &action, nullptr);
  KernelSetAction(SIGBUS, &action, nullptr);
  KernelSetAction(SIGSYS, &action, nullptr);
  const struct rlimit none = {0, 0};
  sys::Call(SYS_prlimit64, 0, RLIMIT_CORE, sys::Arg(&none), 0);
}

// Where memory runs out the child goes first, not the program.
void OfferToOutOfMemoryKiller() {
  const long descriptor =
      sys::OpenAt(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (sys::Failed(descriptor)) return;
  sys::Write(static_cast<int>(descriptor), "1000", 4);
  sys::Close(static_cast<int>(descriptor));
}

void RunChild(Job* job) {
  WriterPage* page = job->page;
  NoteChildsPages();
  CloseAllDescriptors();
  TakeOwnFaults();
  AllowDescriptors();
  SetState(page, WriterState::kClosed);
  OfferToOutOfMemoryKiller();
  const char* what = "";
  const long error = WriteSnapshot(*job->facts, &page->file, &what);
  page->error = error;
  CopyText(page->what, sizeof page->what, what);
  if (error == 0) NoteSnapshotInPage(page->pause_ns);
  if (job->facts->request->reason == Reason::kRequest) {
    if (error == 0) {
      ReplyWritten(page->file.path);
    } else {
      ReplyLost(error, what);
    }
  }
  SetState(page, error == 0 ? WriterState::kWritten : WriterState::kFailed);
  sys::ExitProcess(0);
}

// The child begins in `run` on the given stack and never returns.
long CloneOnto(char* stack_top, void (*run)(Job*), Job* job) {
  uintptr_t* top = reinterpret_cast<uintptr_t*>(stack_top);
  *--top = reinterpret_cast<uintptr_t>(job);
  *--top = reinterpret_cast<uintptr_t>(run);
  long result;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  __asm__ volatile(
      "syscall\n"
      "test %%rax, %%rax\n"
      "jnz 1f\n"
      "xor %%ebp, %%ebp\n"
      "pop %%rax\n"
      "pop %%rdi\n"
      "call *%%rax\n"
      "ud2\n"
      "1:\n"
      : "=a"(result)
      : "0"(static_cast<long>(SYS_clone)),
        "D"(static_cast<long>(kCloneUntraced)), "S"(top), "d"(0), "r"(r10),
        "r"(r8)
      : "rcx", "r11", "memory");
  return result;
}

size_t PageRoundedBytes() {
  return (sizeof(WriterPage) + kPageBytes - 1) & ~(kPageBytes - 1);
}

}  // namespace

WriterPage* MapWriterPage() {
  const long result =
      sys::Call(SYS_mmap, 0, sys::Arg(PageRoundedBytes()),
                PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return sys::Failed(result) ? nullptr : reinterpret_cast<WriterPage*>(result);
}

void UnmapWriterPage(WriterPage* page) {
  if (page == nullptr) return;
  sys::Call(SYS_munmap, sys::Arg(page), sys::Arg(PageRoundedBytes()));
}

WriterState StateOf(const WriterPage* page) {
  return static_cast<WriterState>(
      __atomic_load_n(&page->state, __ATOMIC_ACQUIRE));
}

long StartWriter(const CutFacts& facts, WriterPage* page) {
  if (stack == nullptr) {
    stack = static_cast<char*>(MapPages(kStackBytes, PageUse::kEssential));
    if (stack == nullptr) return -ENOMEM;
  }
  Job job = {&facts, page};
  const long fault = sys::InjectedFault(SYS_clone);
  if (fault != 0) return fault;
  return CloneOnto(stack + kStackBytes, &RunChild, &job);
}

void AwaitClosedDescriptors(int32_t pid, WriterPage* page) {
  while (StateOf(page) == WriterState::kStarting) {
    const struct timespec time = {0, 5000000};
    sys::FutexWait(&page->state, static_cast<uint32_t>(WriterState::kStarting),
                   &time, true);
    if (StateOf(page) == WriterState::kStarting &&
        ReapChild(pid, Reaping::kNow)) {
      return;
    }
  }
}

bool ReapChild(int32_t pid, Reaping reaping) {
  const unsigned now = reaping == Reaping::kNow ? kWaitNow : 0u;
  long result = -1;
  for (int i = 0; i < sys::kMostTries; ++i) {
    result =
        sys::Call(SYS_wait4, pid, 0, static_cast<long>(kWaitClone | now), 0);
    if (result != -EINTR) break;
  }
  if (result >= 0) return result != 0;
  // Not ours to wait for: the program took it (wait4 with __WALL).
  if (result == -ECHILD) return true;
  // wait4 itself is refused.
  KernelSiginfo info = {};
  result = sys::Call(SYS_waitid, kByPid, pid, sys::Arg(&info),
                     static_cast<long>(kWaitExited | kWaitClone | now), 0);
  return result != 0 || info.pid != 0;
}

void AwaitChild(int32_t pid) {
  const long result =
      sys::Call(SYS_waitid, kByPid, pid, 0,
                static_cast<long>(kWaitExited | kWaitLeave | kWaitClone), 0);
  if (result == 0 || result == -ECHILD) return;
  // The caller looks again: not at once.
  const struct timespec time = {0, 1000000};
  sys::Call(SYS_nanosleep, sys::Arg(&time), 0);
}

}  // namespace heapline
