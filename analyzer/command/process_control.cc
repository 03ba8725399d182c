#include "analyzer/command/process_control.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/optional.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/command/process_facts.h"

namespace heapline {
namespace {

// How long the writing of a file may take after the cut.
constexpr absl::Duration kMostWriting = absl::Minutes(30);
// A thread that does not answer may be blocked in the kernel: then another.
constexpr absl::Duration kNextThreadAfter = absl::Seconds(1);

constexpr char kHowToTrace[] =
    "start it by `heapline run -- PROGRAM`, or with LD_PRELOAD set";

template <typename T>
T Load(const T& field) {
  return __atomic_load_n(&field, __ATOMIC_ACQUIRE);
}

// Text out of the page, which the process may have filled with anything.
template <size_t kBytes>
std::string PageText(const char (&field)[kBytes]) {
  return std::string(field, strnlen(field, kBytes));
}

// Opens the page that the process has mapped, or, where its maps may not be
// read, the file that it would have made.
absl::StatusOr<MappedPage> OpenPage(pid_t pid, PageAccess access,
                                    const std::string& doing) {
  const std::string proc = ProcPath(pid);
  struct stat owner;
  const absl::optional<uint64_t> started = StartTicks(pid);
  if (stat(proc.c_str(), &owner) != 0 || !started) {
    return Problem(absl::StatusCode::kNotFound, doing,
                   "there is no such process", "look for it with ps or pgrep");
  }
  const absl::optional<SignalFacts> facts = ReadSignalFacts(proc);
  const pid_t inner =
      facts && facts->innermost_pid != 0 ? facts->innermost_pid : pid;
  const MappedTracer tracer = FindMappedTracer(pid, inner);
  if (tracer.is_readable && tracer.page_path.empty()) {
    return tracer.has_shim
               ? Problem(absl::StatusCode::kFailedPrecondition, doing,
                         "the process is traced but has no control page "
                         "(control=0, or none could be made)",
                         "use HEAPLINE_OPTIONS=signal=USR2 and kill -USR2")
               : Problem(absl::StatusCode::kFailedPrecondition, doing,
                         "the process is not traced by heapline", kHowToTrace);
  }
  // In a container the process names it in its own root.
  std::vector<std::string> paths;
  const std::string root = absl::StrCat(proc, "/root");
  if (!tracer.page_path.empty()) {
    paths = {absl::StrCat(root, tracer.page_path), tracer.page_path};
  } else {
    for (const std::string& directory : ControlDirectories(owner.st_uid)) {
      const std::string path =
          absl::StrCat(directory, "/", inner, ".", *started);
      paths.push_back(absl::StrCat(root, path));
      paths.push_back(path);
    }
  }
  absl::Status refusal;
  for (const std::string& path : paths) {
    absl::StatusOr<MappedPage> page =
        MappedPage::TryOpen(path, owner.st_uid, access);
    if (page.ok() && page->get()->pid == static_cast<uint32_t>(inner)) {
      return page;
    }
    if (!page.ok() && !absl::IsNotFound(page.status()) && refusal.ok()) {
      refusal = page.status();
    }
  }
  if (!refusal.ok()) {
    return Problem(refusal.code(), doing, refusal.message(), "");
  }
  return Problem(absl::StatusCode::kFailedPrecondition, doing,
                 "the process has no control page that we may open",
                 kHowToTrace);
}

// The threads that the signal could be given to, best first: those that take
// it at once, then those that are asleep for good.
std::vector<pid_t> ThreadsToAsk(pid_t pid, int signal) {
  const uint64_t bit = uint64_t{1} << (signal - 1);
  std::vector<pid_t> ready;
  std::vector<pid_t> asleep;
  for (const pid_t tid : ThreadIds(pid)) {
    const absl::optional<SignalFacts> facts =
        ReadSignalFacts(ProcTaskPath(pid, tid));
    if (!facts || (facts->blocked & bit) != 0) continue;
    if (facts->state == 'R' || facts->state == 'S') {
      ready.push_back(tid);
    } else if (facts->state != 'Z' && facts->state != 'X') {
      asleep.push_back(tid);
    }
  }
  ready.insert(ready.end(), asleep.begin(), asleep.end());
  return ready;
}

// False with errno.
bool SendRequestSignal(pid_t pid, pid_t tid, int signal) {
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(
      uint64_t{HL_SIGNAL_MAGIC} << 32 | WaitingCallPlusOne(pid, tid));
  return syscall(SYS_rt_tgsigqueueinfo, pid, tid, signal, &info) == 0;
}

}  // namespace

absl::StatusOr<TracedProcess> TracedProcess::TryFind(pid_t pid,
                                                     PageAccess access,
                                                     absl::string_view doing) {
  TracedProcess process;
  process.pid_ = pid;
  process.doing_ = std::string(doing);
  absl::StatusOr<MappedPage> page = OpenPage(pid, access, process.doing_);
  if (!page.ok()) return page.status();
  process.page_ = *std::move(page);
  struct stat facts;
  if (fstat(process.page_.fd(), &facts) != 0) {
    return SystemProblem(errno, doing, "fstat", "");
  }
  process.owner_ = facts.st_uid;  // as OpenPage has checked it
  if (Load(process.page_.get()->state) == HL_STATE_ENDED) {
    return Problem(absl::StatusCode::kFailedPrecondition, doing,
                   "the process has ended its tracing", "");
  }
  return process;
}

HlControlPage TracedProcess::ReadPage() const { return *page_.get(); }

absl::Status TracedProcess::TryLock() {
  const absl::Time until = absl::Now() + absl::Seconds(30);
  while (flock(page_.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return SystemProblem(errno, doing_, "locking the control page", "");
    }
    if (absl::Now() > until) {
      return Problem(absl::StatusCode::kUnavailable, doing_,
                     "another heapline command is at work on the process",
                     "wait for it, or end it");
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::OkStatus();
}

absl::Status TracedProcess::TrySignal() {
  const int signal = static_cast<int>(Load(page_.get()->reserved_signal));
  // The program has claimed the signal: the allocation path will see to it.
  if (signal <= 0 || signal > 64) return absl::OkStatus();
  const absl::optional<SignalFacts> facts = ReadSignalFacts(ProcPath(pid_));
  if (!facts || facts->state == 'Z') {
    return Problem(absl::StatusCode::kNotFound, doing_, "the process has ended",
                   "");
  }
  if ((facts->caught >> (signal - 1) & 1) == 0) {
    return Problem(absl::StatusCode::kFailedPrecondition, doing_,
                   absl::StrCat("the process does not catch signal ", signal,
                                " any more: it has become another program"),
                   kHowToTrace);
  }
  for (const pid_t tid : ThreadsToAsk(pid_, signal)) {
    if (SendRequestSignal(pid_, tid, signal)) return absl::OkStatus();
    if (errno == EPERM) {
      return SystemProblem(errno, doing_, "sending the reserved signal",
                           "run heapline as the process's user or root");
    }
    // The thread ended in between, or its queue is full: the next one.
  }
  return absl::OkStatus();
}

absl::Status TracedProcess::AwaitReply(uint64_t number,
                                       absl::Duration patience) {
  HlControlPage* page = page_.get();
  const absl::Time start = absl::Now();
  absl::Time ask_again = start + kNextThreadAfter;
  absl::Duration pause = absl::Microseconds(200);
  for (;;) {
    const bool is_taken_up = Load(page->reply_number) == number;
    if (is_taken_up) {
      const uint32_t reply = Load(page->reply);
      if (reply == HL_REPLY_DONE) return absl::OkStatus();
      if (reply == HL_REPLY_FAILED) {
        std::string found = SafeText(PageText(page->reply_text));
        if (page->reply_errno != 0) {
          absl::StrAppend(&found, found.empty() ? "" : ": ",
                          strerror(page->reply_errno));
        }
        return Problem(absl::StatusCode::kInternal, doing_, found,
                       "the program itself goes on unharmed");
      }
    }
    const absl::Time now = absl::Now();
    if (!StartTicks(pid_)) {
      return Problem(absl::StatusCode::kAborted, doing_,
                     "the process ended before it answered", "");
    }
    if (!is_taken_up && now > ask_again) {
      const absl::Status sent = TrySignal();
      if (!sent.ok()) return sent;
      ask_again = now + kNextThreadAfter;
    }
    if (now - start > (is_taken_up ? kMostWriting : patience)) break;
    absl::SleepFor(pause);
    pause = std::min(pause * 2, absl::Milliseconds(20));
  }
  // Not to be carried out when nobody waits for it any more.
  __atomic_store_n(&page->command, uint32_t{HL_COMMAND_NONE}, __ATOMIC_RELEASE);
  const absl::optional<SignalFacts> facts = ReadSignalFacts(ProcPath(pid_));
  const bool is_halted = facts && (facts->state == 'T' || facts->state == 't');
  return Problem(
      absl::StatusCode::kDeadlineExceeded, doing_,
      absl::StrCat("no answer in ", absl::FormatDuration(patience),
                   is_halted ? ": the process is stopped" : ""),
      is_halted ? "let it go on with kill -CONT"
                : "its threads may block the reserved signal: it is looked at "
                  "again when they allocate");
}

absl::StatusOr<std::string> TracedProcess::TryRequest(
    const ProcessRequest& request) {
  absl::Status status = TryLock();
  if (!status.ok()) return status;
  HlControlPage* page = page_.get();
  std::memset(page->label, 0, sizeof page->label);
  request.label.copy(page->label, sizeof page->label);
  page->request_flags = request.flags;
  __atomic_store_n(&page->command, uint32_t{request.command}, __ATOMIC_RELAXED);
  const uint64_t number =
      std::max(Load(page->request_number), Load(page->reply_number)) + 1;
  __atomic_store_n(&page->request_number, number, __ATOMIC_RELEASE);
  status = TrySignal();
  if (status.ok()) status = AwaitReply(number, request.patience);
  const std::string path = PageText(page->reply_path);
  flock(page_.fd(), LOCK_UN);
  if (!status.ok()) return status;
  return path.empty() ? path : PathFromHere(path);
}

std::string TracedProcess::PathFromHere(const std::string& path) const {
  const std::string seen = absl::StrCat(ProcPath(pid_), "/root", path);
  struct stat theirs;
  struct stat ours;
  if (stat(seen.c_str(), &theirs) != 0) return path;
  if (stat(path.c_str(), &ours) == 0 && ours.st_dev == theirs.st_dev &&
      ours.st_ino == theirs.st_ino) {
    return path;
  }
  return seen;
}

}  // namespace heapline
