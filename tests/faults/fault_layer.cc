// fault_layer.cc: the system-call layer of the shim's test build. Each call is
// counted in the page that HEAPLINE_FAULTS names, and the ordered one fails
// without reaching the kernel, or moves half of what it was asked to move.
// The layer's own calls are raw, so that it disturbs nothing that it counts;
// no descriptor stays open. Async-signal-safe; any thread, any process.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "preload/sys.h"
#include "preload/tracer.h"
#include "tests/faults/fault_page.h"

namespace heapline {
namespace {

enum LayerState : uint32_t { kUnset = 0, kOpening, kReady, kAbsent };
uint32_t layer_state;
FaultPage* page;
// Who is about to make a writer, until its own next call: what the writer
// finds in its copy is not 0.
long writers_maker;

constexpr char kVariable[] = "HEAPLINE_FAULTS=";
constexpr long kVariableBytes = sizeof kVariable - 1;
char environment[64 << 10];

// The path in the environment block of this image, or NULL.
const char* PagePath() {
  const long fd = sys::RawCall(SYS_openat, AT_FDCWD,
                               sys::Arg("/proc/self/environ"), O_RDONLY);
  if (sys::Failed(fd)) return nullptr;
  long used = 0;
  const long room = sizeof environment - 1;
  while (used < room) {
    const long count =
        sys::RawCall(SYS_read, fd, sys::Arg(environment + used), room - used);
    if (count <= 0) break;
    used += count;
  }
  sys::RawCall(SYS_close, fd);
  for (long at = 0; at < used; ++at) {
    long same = 0;
    while (same < kVariableBytes && environment[at + same] == kVariable[same]) {
      ++same;
    }
    if (same == kVariableBytes) return environment + at + kVariableBytes;
    while (at < used && environment[at] != '\0') ++at;
  }
  return nullptr;
}

bool OpenPage() {
  const char* path = PagePath();
  if (path == nullptr) return false;
  const long fd = sys::RawCall(SYS_openat, AT_FDCWD, sys::Arg(path), O_RDWR);
  if (sys::Failed(fd)) return false;
  const long result = sys::RawCall(SYS_mmap, 0, sizeof(FaultPage),
                                   PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  sys::RawCall(SYS_close, fd);
  if (sys::Failed(result)) return false;
  page = reinterpret_cast<FaultPage*>(result);
  return page->magic == kFaultPageMagic;
}

// The first call of the process is made by its only thread.
bool IsReady() {
  const uint32_t state = __atomic_load_n(&layer_state, __ATOMIC_ACQUIRE);
  if (state != kUnset) return state == kReady;
  layer_state = kOpening;
  __atomic_store_n(&layer_state, OpenPage() ? kReady : kAbsent,
                   __ATOMIC_RELEASE);
  return layer_state == kReady;
}

void NoteProcess(int32_t pid) {
  for (uint32_t i = 0; i < kMostProcesses; ++i) {
    const uint32_t at = (static_cast<uint32_t>(pid) + i) % kMostProcesses;
    FaultedProcess* process = &page->processes[at];
    int32_t expected = 0;
    if (!__atomic_compare_exchange_n(&process->pid, &expected, pid, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) &&
        expected != pid) {
      continue;
    }
    process->mode = static_cast<uint32_t>(CurrentMode());
    process->lost_snapshots =
        __atomic_load_n(&tracer.lost_snapshots, __ATOMIC_RELAXED);
    return;
  }
}

// Counts the call; the error ordered for it, kShortTransfer, or 0.
int32_t OrderedFault(long number) {
  const int32_t pid = static_cast<int32_t>(sys::RawCall(SYS_getpid));
  if (writers_maker != 0 && writers_maker == sys::RawCall(SYS_gettid)) {
    writers_maker = 0;
  }
  const bool is_writer = writers_maker != 0 && pid != tracer.pid;
  if (!is_writer) NoteProcess(pid);
  const uint32_t scope = is_writer ? kScopeWriter : kScopeProgram;
  const uint64_t count = __atomic_add_fetch(
      &page->calls[scope][static_cast<uint32_t>(number) % kMostCalls], 1,
      __ATOMIC_RELAXED);
  for (FaultOrder& order : page->orders) {
    if (number != order.number || scope != order.scope || count < order.nth ||
        (count > order.nth && !order.for_ever)) {
      continue;
    }
    __atomic_add_fetch(&order.hits, 1, __ATOMIC_RELAXED);
    return order.error;
  }
  return 0;
}

long Half(long count) { return count - count / 2; }

}  // namespace

namespace sys {

long Call(long number, long a, long b, long c, long d, long e, long f) {
  const int32_t fault = IsReady() ? OrderedFault(number) : 0;
  // Whatever close returns, Linux has let go of the descriptor.
  if (fault < 0 && number == SYS_close) RawCall(number, a);
  if (fault < 0) return fault;
  if (fault == kShortTransfer) {
    switch (number) {
      case SYS_read:
      case SYS_write:
      case SYS_pread64:
        c = Half(c);
        break;
      case SYS_writev: {
        struct iovec first = *reinterpret_cast<const struct iovec*>(b);
        first.iov_len =
            static_cast<size_t>(Half(static_cast<long>(first.iov_len)));
        return RawCall(number, a, Arg(&first), 1);
      }
      default:
        break;
    }
  }
  return RawCall(number, a, b, c, d, e, f);
}

long InjectedFault(long number) {
  const int32_t fault = IsReady() ? OrderedFault(number) : 0;
  if (fault >= 0) writers_maker = RawCall(SYS_gettid);
  return fault < 0 ? fault : 0;
}

}  // namespace sys
}  // namespace heapline
