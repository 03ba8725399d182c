#include "preload/control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "preload/call_tree.h"
#include "preload/clock.h"
#include "preload/descriptor_window.h"
#include "preload/heap_totals.h"
#include "preload/lifecycle.h"
#include "preload/message.h"
#include "preload/pages.h"
#include "preload/proc_files.h"
#include "preload/process_facts.h"
#include "preload/snapshot.h"
#include "preload/sys.h"
#include "preload/text_builder.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"
#include "preload/trigger.h"

namespace heapline {
namespace {

// The page has one address for ever: private zeroes of .bss, over which the
// shared file is mapped while there is one.
alignas(HL_CONTROL_PAGE_BYTES) unsigned char storage[HL_CONTROL_PAGE_BYTES];
bool is_shared;
// In a forked copy that could not get rid of its parent's page: stands in for
// it, shared with nobody.
unsigned char own_storage[HL_CONTROL_PAGE_BYTES];
bool storage_is_the_parents;
// Its name, for the removal; empty: no file.
char file_path[256];

// Requests: the newest one taken up, and whether a thread is at it.
uint64_t answered_number;
uint32_t answering;
char request_label[HL_MAX_LABEL_BYTES];

HlControlPage* Page() {
  return reinterpret_cast<HlControlPage*>(storage_is_the_parents ? own_storage
                                                                 : storage);
}

template <typename T>
void Put(T* field, T value) {
  __atomic_store_n(field, value, __ATOMIC_RELAXED);
}

const char* EnvironmentValue(const char* name) {
  if (tracer.environment == nullptr) return nullptr;
  for (char** entry = tracer.environment; *entry != nullptr; ++entry) {
    if (StartsWith(*entry, name) && (*entry)[Length(name)] == '=') {
      return *entry + Length(name) + 1;
    }
  }
  return nullptr;
}

uint64_t StartTicks() {
  char text[1024];
  if (ReadFileStart("/proc/self/stat", text, sizeof text) <= 0) return 0;
  // Field 22; the name (field 2) is in parentheses and may hold anything.
  const char* at = text;
  const char* after_name = text;
  for (; *at != '\0'; ++at) {
    if (*at == ')') after_name = at + 1;
  }
  at = after_name;
  for (int field = 2; field < 22; ++field) {
    while (*at != ' ' && *at != '\0') ++at;
    while (*at == ' ') ++at;
  }
  uint64_t ticks = 0;
  return TakeNumber(&at, &ticks) ? ticks : 0;
}

uint64_t PidNamespace() {
  char text[64];
  const long count =
      sys::Call(SYS_readlinkat, AT_FDCWD, sys::Arg("/proc/self/ns/pid"),
                sys::Arg(text), sizeof text - 1);
  if (count <= 0) return 0;
  text[count] = '\0';
  const char* at = text;
  while (*at != '\0' && *at != '[') ++at;
  uint64_t inode = 0;
  if (*at == '[') ++at;
  return TakeNumber(&at, &inode) ? inode : 0;
}

// Makes sure that `path` is a directory of ours that nobody else may write or
// read. 0, or -errno.
long MakeOwnDirectory(const char* path) {
  const long made = sys::Call(SYS_mkdirat, AT_FDCWD, sys::Arg(path), 0700);
  if (made != 0 && made != -EEXIST) return made;
  struct stat facts;
  const long result = sys::Call(SYS_newfstatat, AT_FDCWD, sys::Arg(path),
                                sys::Arg(&facts), AT_SYMLINK_NOFOLLOW);
  if (result != 0) return result;
  if (!S_ISDIR(facts.st_mode)) return -ENOTDIR;
  const bool is_private =
      facts.st_uid == static_cast<uint32_t>(sys::Call(SYS_geteuid)) &&
      (facts.st_mode & 077) == 0;
  return is_private ? 0 : -EPERM;
}

// Opens the page's file anew under `directory`, with its room allocated.
// A descriptor, or -errno.
long MakePageFile(const char* directory, uint64_t start_ticks) {
  TextBuilder path(file_path, sizeof file_path);
  path.Text(directory);
  if (!path.fits()) return -ENAMETOOLONG;
  const long own = MakeOwnDirectory(file_path);
  if (own != 0) return own;
  path.Byte('/').Number(static_cast<uint64_t>(tracer.pid));
  path.Byte('.').Number(start_ticks);
  if (!path.fits()) return -ENAMETOOLONG;
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  long fd = sys::OpenAt(AT_FDCWD, file_path, kFlags, 0600);
  if (fd == -EEXIST) {
    // This process's own, from before an exec.
    sys::Call(SYS_unlinkat, AT_FDCWD, sys::Arg(file_path), 0);
    fd = sys::OpenAt(AT_FDCWD, file_path, kFlags, 0600);
  }
  if (sys::Failed(fd)) return fd;
  // Allocated before it is mapped: a page without room behind it would be a
  // SIGBUS.
  const int file = static_cast<int>(fd);
  long result = sys::Call(SYS_fallocate, file, 0, 0, HL_CONTROL_PAGE_BYTES);
  if (result == -EOPNOTSUPP || result == -ENOSYS) {
    const long written = sys::Write(file, storage, HL_CONTROL_PAGE_BYTES);
    result = written == HL_CONTROL_PAGE_BYTES ? 0
             : sys::Failed(written)           ? written
                                              : -ENOSPC;
  }
  if (result == 0) return fd;
  sys::Close(file);
  sys::Call(SYS_unlinkat, AT_FDCWD, sys::Arg(file_path), 0);
  return result;
}

long MakePageFileSomewhere(uint64_t start_ticks) {
  char directory[192];
  const char* runtime = EnvironmentValue("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') {
    TextBuilder name(directory, sizeof directory);
    name.Text(runtime).Byte('/').Text(HL_CONTROL_DIRECTORY_RUNTIME);
    if (name.fits()) {
      const long fd = MakePageFile(directory, start_ticks);
      if (!sys::Failed(fd)) return fd;
    }
  }
  TextBuilder name(directory, sizeof directory);
  name.Text("/tmp/heapline-");
  name.Number(static_cast<uint64_t>(sys::Call(SYS_geteuid)));
  return MakePageFile(directory, start_ticks);
}

// The page's constant part.
void Introduce(uint64_t start_ticks) {
  HlControlPage* page = Page();
  page->magic = HL_CONTROL_MAGIC;
  page->version = 1;
  page->pid = static_cast<uint32_t>(tracer.pid);
  page->start_ticks = start_ticks;
  page->reserved_signal =
      ReservedSignalIsClaimed()
          ? 0
          : static_cast<uint32_t>(tracer.options.reserved_signal);
  page->format_version = HL_FORMAT_VERSION;
  CopyText(page->program, sizeof page->program, process_facts.program);
  CopyText(page->shim_version, sizeof page->shim_version,
           HEAPLINE_VERSION_STRING);
  page->pid_namespace = PidNamespace();
}

void RefreshState() {
  HlControlPage* page = Page();
  const Mode mode = CurrentMode();
  Put(&page->state, uint64_t{mode == Mode::kTracing      ? HL_STATE_TRACING
                             : mode == Mode::kForwarding ? HL_STATE_FORWARDING
                             : mode == Mode::kAside      ? HL_STATE_ENDED
                                                         : HL_STATE_STARTING});
  Put(&page->tracer_bytes, static_cast<uint64_t>(MappedPageBytes()));
  Put(&page->nodes, static_cast<uint64_t>(NodeCount()));
  Put(&page->lost_snapshots,
      __atomic_load_n(&tracer.lost_snapshots, __ATOMIC_RELAXED));
  Put(&page->dropped_blocks,
      __atomic_load_n(&tracer.dropped_blocks, __ATOMIC_RELAXED));
}

void CountThreads() {
  HlControlPage* page = Page();
  uint64_t threads = 0;
  for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    ++threads;
  }
  Put(&page->threads, threads);
  Put(&page->peak_error_bytes, PeakErrorBytes());
}

void Reply(HlReply reply, long error_number, const char* path,
           const char* text) {
  HlControlPage* page = Page();
  page->reply_errno = static_cast<int32_t>(error_number);
  CopyText(page->reply_path, sizeof page->reply_path, path);
  CopyText(page->reply_text, sizeof page->reply_text, text);
  __atomic_store_n(&page->reply, static_cast<uint32_t>(reply),
                   __ATOMIC_RELEASE);
  __atomic_store_n(&page->reply_number, answered_number, __ATOMIC_RELEASE);
}

void AnswerSnapshot(const void* leader_context) {
  HlControlPage* page = Page();
  SnapshotRequest request = {};
  request.reason = Reason::kRequest;
  request.leader_context = leader_context;
  request.no_graph = (page->request_flags & HL_REQUEST_NO_GRAPH) != 0;
  __builtin_memcpy(request_label, page->label, sizeof request_label);
  request.label = request_label;
  while (request.label_bytes < sizeof request_label &&
         request_label[request.label_bytes] != '\0') {
    ++request.label_bytes;
  }
  // The writer replies when the file has its name (ReplyWritten).
  Reply(HL_REPLY_WORKING, 0, "", "");
  if (CutSnapshot(request) == SnapshotResult::kBusy) {
    Reply(HL_REPLY_FAILED, EBUSY, "", "another snapshot is being cut");
  }
}

void Answer(uint32_t command, const void* leader_context) {
  switch (command) {
    case HL_COMMAND_SNAPSHOT:
      AnswerSnapshot(leader_context);
      return;
    case HL_COMMAND_START:
      if (CurrentMode() == Mode::kForwarding) SetMode(Mode::kTracing);
      break;
    case HL_COMMAND_STOP:
      if (CurrentMode() == Mode::kTracing) {
        __atomic_or_fetch(&tracer.incomplete, HL_INCOMPLETE_STOPPED,
                          __ATOMIC_RELAXED);
        SetMode(Mode::kForwarding);
      }
      break;
    case HL_COMMAND_RESET_PEAK:
      ResetPeak();
      break;
    default:
      Reply(HL_REPLY_FAILED, EINVAL, "", "a command that it does not know");
      return;
  }
  RefreshControlPage(MonotonicNs());
  Reply(HL_REPLY_DONE, 0, "", "");
}

void UnmapPage() {
  const long result = sys::Call(SYS_mmap, sys::Arg(storage),
                                HL_CONTROL_PAGE_BYTES, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  storage_is_the_parents = sys::Failed(result);
  is_shared = false;
}

}  // namespace

HlControlPage* ControlPage() { return Page(); }

void MakeControlPage() {
  NoteStandardError();
  answered_number = 0;
  file_path[0] = '\0';
  const DescriptorWindow window;
  const uint64_t start_ticks = StartTicks();
  if (tracer.options.control) {
    const long fd = MakePageFileSomewhere(start_ticks);
    long result = fd;
    if (!sys::Failed(fd)) {
      result = sys::Call(SYS_mmap, sys::Arg(storage), HL_CONTROL_PAGE_BYTES,
                         PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
      sys::Close(static_cast<int>(fd));
      is_shared = !sys::Failed(result);
      if (is_shared) {
        storage_is_the_parents = false;
      } else {
        sys::Call(SYS_unlinkat, AT_FDCWD, sys::Arg(file_path), 0);
      }
    }
    if (!is_shared) {
      Line line;
      line.Add("cannot make the control page in $XDG_RUNTIME_DIR or /tmp: ")
          .Error(-result)
          .Add("; `heapline snapshot` and `status` will not find pid ")
          .Number(static_cast<uint64_t>(tracer.pid));
      Say(Severity::kVerbose, line);
      file_path[0] = '\0';
    }
  }
  Introduce(start_ticks);
  RefreshControlPage(MonotonicNs());
}

void RemoveControlPage() {
  Put(&Page()->state, uint64_t{HL_STATE_ENDED});
  if (file_path[0] == '\0' || tracer.calls_restricted) return;
  sys::Call(SYS_unlinkat, AT_FDCWD, sys::Arg(file_path), 0);
  file_path[0] = '\0';
}

void DetachControlPage() {
  if (is_shared || storage_is_the_parents) UnmapPage();
  file_path[0] = '\0';
  answered_number = 0;
  answering = 0;
  __builtin_memset(Page(), 0, HL_CONTROL_PAGE_BYTES);
}

void RefreshControlPage(uint64_t monotonic_ns) {
  HlControlPage* page = Page();
  // On the path of many allocations: what moves with each, and nothing more.
  const HeapTotals totals = TotalsNow();
  const auto whole = [](int64_t value) {
    return value > 0 ? static_cast<uint64_t>(value) : 0;
  };
  Put(&page->live_bytes, whole(totals.live_bytes));
  Put(&page->live_count, whole(totals.live_count));
  Put(&page->peak_bytes, whole(totals.peak_bytes));
  Put(&page->total_bytes, totals.total_bytes);
  Put(&page->total_count, totals.total_count);
  // The rest once a tick of the caller's clock, the walk along the list of
  // threads ten times a second.
  const uint64_t before = __atomic_load_n(&page->updated_ns, __ATOMIC_RELAXED);
  if (monotonic_ns == before) return;
  Put(&page->updated_ns, monotonic_ns);
  RefreshState();
  constexpr uint64_t kTenthNs = 100000000;
  if (monotonic_ns / kTenthNs != before / kTenthNs) CountThreads();
}

void AnswerRequest(const void* leader_context) {
  HlControlPage* page = Page();
  const uint64_t number =
      __atomic_load_n(&page->request_number, __ATOMIC_ACQUIRE);
  if (__builtin_expect(
          number == __atomic_load_n(&answered_number, __ATOMIC_RELAXED), 1)) {
    return;
  }
  const Mode mode = CurrentMode();
  if ((mode != Mode::kTracing && mode != Mode::kForwarding) ||
      tracer.calls_restricted || IsUnannouncedForkCopy()) {
    return;
  }
  // A handler inside a hook leaves it to the hook's end: the tables are half
  // written.
  ThreadState* thread = current_thread;
  if (leader_context != nullptr && thread != nullptr && thread->guard != 0) {
    thread->park_requested = 1;
    return;
  }
  if (__atomic_exchange_n(&answering, 1, __ATOMIC_ACQUIRE) != 0) return;
  if (number != answered_number) {
    __atomic_store_n(&answered_number, number, __ATOMIC_RELAXED);
    Answer(__atomic_load_n(&page->command, __ATOMIC_RELAXED), leader_context);
  }
  __atomic_store_n(&answering, 0, __ATOMIC_RELEASE);
}

void NoteSnapshotInPage(uint64_t pause_ns) {
  HlControlPage* page = Page();
  Put(&page->last_pause_us, pause_ns / 1000);
  __atomic_add_fetch(&page->snapshots, 1, __ATOMIC_RELAXED);
}

void ReplyWritten(const char* path) { Reply(HL_REPLY_DONE, 0, path, ""); }

void ReplyLost(long error_number, const char* what) {
  if (error_number < 0) error_number = -error_number;
  Reply(HL_REPLY_FAILED, error_number, "", what);
}

}  // namespace heapline
