#include "analyzer/command/program_runner.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"

namespace heapline {
namespace {

// The program's side of the fork: never returns.
[[noreturn]] void Become(const ProgramToRun& program, const sigset_t& mask,
                         int report) {
  for (const auto& variable : program.environment) {
    setenv(variable.first.c_str(), variable.second.c_str(), 1);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : program.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  if (program.standard_output >= 0) dup2(program.standard_output, 1);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  const ssize_t written = write(report, &error, sizeof error);
  _exit(written == sizeof error ? 127 : 126);
}

// What exec failed with, or 0 when it succeeded (which closes the pipe).
int AwaitExec(int report) {
  int error = 0;
  ssize_t count;
  do {
    count = read(report, &error, sizeof error);
  } while (count < 0 && errno == EINTR);
  return count == sizeof error ? error : 0;
}

bool ReachedProgramToo(const siginfo_t& info) {
  // The kernel's own (a terminal's Ctrl-C) go to the whole process group; our
  // own are of our making (SIGPIPE).
  return info.si_code == SI_KERNEL || info.si_pid == getpid();
}

// The signal of this end that is in `ours`, or that is pending: taken then.
int SharedSignal(int wait_status, const sigset_t& ours) {
  if (!WIFSIGNALED(wait_status)) return 0;
  const int signal = WTERMSIG(wait_status);
  if (sigismember(&ours, signal) == 1) return signal;
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  const struct timespec at_once = {0, 0};
  return sigtimedwait(&only, nullptr, &at_once) == signal ? signal : 0;
}

// Waits for the program's end, passing signals on meanwhile.
void AwaitEnd(const ProgramToRun& program, const sigset_t& watched,
              ProgramEnd* end) {
  const pid_t pid = end->pid;
  sigset_t ours;
  sigemptyset(&ours);
  for (;;) {
    int status = 0;
    const pid_t waited = waitpid(pid, &status, WNOHANG | WUNTRACED);
    if (waited == pid) {
      if (!WIFSTOPPED(status)) {
        end->wait_status = status;
        end->shared_signal = SharedSignal(status, ours);
        return;
      }
      // Stop as it did; whoever lets us go on lets it go on.
      kill(getpid(), SIGSTOP);
      kill(pid, SIGCONT);
      continue;
    }
    siginfo_t info;
    const int signal = sigwaitinfo(&watched, &info);
    if (signal < 0 || signal == SIGCHLD) continue;
    sigaddset(&ours, signal);
    if (ReachedProgramToo(info)) continue;
    if (program.before_signal) program.before_signal(pid, signal);
    kill(pid, signal);
  }
}

}  // namespace

absl::StatusOr<ProgramEnd> RunProgram(const ProgramToRun& program) {
  const std::string doing = absl::StrCat("starting ", program.arguments[0]);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    return SystemProblem(errno, doing, "pipe", "close some descriptors");
  }
  // Kept away from the numbers that the program inherits as its own stdio.
  for (int& end : report) {
    if (end > 2) continue;
    const int moved = fcntl(end, F_DUPFD_CLOEXEC, 3);
    if (moved >= 0) {
      close(end);
      end = moved;
    }
  }
  sigset_t watched;
  sigfillset(&watched);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS}) {
    sigdelset(&watched, fault);
  }
  // Waiting would fail where SIGCHLD is ignored; exec would not undo it.
  struct sigaction old_child_action = {};
  struct sigaction child_action = {};
  child_action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &child_action, &old_child_action);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &watched, &before);
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    sigaction(SIGCHLD, &old_child_action, nullptr);
    Become(program, before, report[1]);
  }
  const int fork_error = errno;
  close(report[1]);
  if (pid < 0) {
    close(report[0]);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return SystemProblem(fork_error, doing, "fork", "");
  }
  ProgramEnd end;
  end.pid = pid;
  end.exec_error = AwaitExec(report[0]);
  close(report[0]);
  AwaitEnd(program, watched, &end);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return end;
}

void EndBySignal(int signal) {
  std::fflush(nullptr);
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  _exit(128 + signal);
}

}  // namespace heapline
