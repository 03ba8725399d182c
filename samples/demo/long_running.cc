// long_running.cc: chapter 5 of the articles, services: memory as the operating
// system sees it, which is not what lives; and cleaning up in time.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <utility>

#include "heapline/heapline.h"
#include "samples/demo/again.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/list.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tracing.h"

namespace demo {

using runtime::Class;
using runtime::List;
using runtime::Slot;
using runtime::Str;

// What the services keep.
Ref<List> history;
Ref<List> working_set;
Ref<List> eaten;
Ref<List> sampled_texts;

// A transfer and its log refer to each other.
struct Transfer : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot log;
};
struct TransferLog : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot transfer;
};

namespace {

// Resident bytes of this process; 0 where /proc does not tell.
uint64_t ResidentBytes() {
  FILE* const file = fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  uint64_t pages = 0;
  const int fields = fscanf(file, "%*u %" SCNu64, &pages);
  fclose(file);
  return fields == 1 ? pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

// Live and resident bytes above what they were when it was made.
class Gauge {
 public:
  explicit Gauge(const runtime::Allocator& allocator)
      : allocator_(allocator),
        live_(allocator.stats().live_bytes),
        resident_(ResidentBytes()) {}

  void Print(Stage& stage, const char* when) const {
    const uint64_t live = allocator_.stats().live_bytes - live_;
    const uint64_t resident = ResidentBytes();
    stage.Print("%-28s live %5.1f MB   resident %5.1f MB", when,
                Megabytes(live),
                resident > resident_ ? Megabytes(resident - resident_) : 0.0);
  }

 private:
  const runtime::Allocator& allocator_;
  uint64_t live_;
  uint64_t resident_;
};

// ---- resident-series -------------------------------------------------------

__attribute__((noinline)) void ServeRound(Stage& stage) {
  for (int i = 0; i < 100; ++i) {
    stage.NextLineGrows();
    const Ref<Str> answer = Str::Repeat("x", 40'000);
    if (stage.is_broken()) history->Append(answer);
  }
}

void RunResidentSeries(Stage& stage) {
  history = List::Make();
  ServeRound(stage);  // warm: code, tables and the like are there
  const Gauge gauge(stage.runtime().allocator());
  stage.Cut("warmed up");
  for (int round = 1; round <= 4; ++round) {
    ServeRound(stage);
    gauge.Print(stage, ("round " + std::to_string(round)).c_str());
  }
  stage.Print("%s", stage.is_broken()
                        ? "Both rise by the same: what grows is alive."
                        : "Neither rises.");
  stage.Cut("after four rounds");
  history = nullptr;
}

// ---- fragmentation ---------------------------------------------------------

// Texts of a kilobyte, of which one in 64 stays.
__attribute__((noinline)) void KeepFew() {
  const Ref<List> all = List::Make();
  for (int i = 0; i < 32 * 1024; ++i) {
    const Ref<Str> text = Str::Repeat("x", 980);
    all->Append(text);
    if (i % 64 == 63) working_set->Append(text);
  }
}

void RunFragmentation(Stage& stage) {
  working_set = List::Make();
  const Gauge gauge(stage.runtime().allocator());
  KeepFew();
  gauge.Print(stage, "one in 64 kept, others freed");
  stage.Cut("one in 64 kept");
  malloc_trim(0);
  gauge.Print(stage, "after malloc_trim");
  stage.Cut("after malloc_trim");
  working_set = nullptr;
}

// ---- out-of-memory ---------------------------------------------------------

constexpr char kNearLimit[] = "near_limit=20";
constexpr uint64_t kAddressSpace = 512 * kMegabyte;

// Takes a megabyte after another. Where there is no more, it is killed, as the
// kernel's out-of-memory killer does it: nothing of its own runs any more.
[[noreturn]] void EatUntilKilled() {
  eaten = List::Make();
  try {
    for (;;) eaten->Append(Str::Repeat("x", kMegabyte - 64));
  } catch (const std::bad_alloc&) {
    kill(getpid(), SIGKILL);
  }
  _exit(1);
}

void RunOutOfMemory(Stage& stage) {
  if (IsRunAgain()) EatUntilKilled();
  const int status = RunAgain(stage, kNearLimit, kAddressSpace);
  stage.Print("a process that may have %" PRIu64 " MB took all of it: %s",
              kAddressSpace / kMegabyte,
              WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                  ? "killed by signal 9"
                  : "not killed");
  for (const std::string& file : SnapshotsOfAgain(stage))
    stage.Print("kept from before its end: %s", file.c_str());
  stage.Cut("after its end");
}

// ---- sampling --------------------------------------------------------------

constexpr char kSample[] = "sample=64K";

__attribute__((noinline)) void MakeTexts() {
  sampled_texts = List::Make();
  for (int i = 0; i < 20'000; ++i)
    sampled_texts->Append(Str::Repeat("x", 1000));
}

void RunSampling(Stage& stage) {
  MakeTexts();
  stage.Cut("20 000 texts");
  const uint64_t current = heapline_current();
  sampled_texts = nullptr;
  if (IsRunAgain()) return;
  stage.Print("every allocation recorded: 20000 texts");
  if (RunAgain(stage, kSample, kNoLimit) != 0)
    throw runtime::RuntimeError("the sampled run was killed");
  for (const std::string& file : SnapshotsOfAgain(stage)) {
    stage.Print("%.1f MB live; one allocation in 64 KiB recorded, scaled:",
                Megabytes(current));
    const runtime::tracing::Snapshot snapshot(file);
    for (const std::string& row : snapshot.Statistics("line", 1))
      stage.Print("%s", row.c_str());
  }
}

// ---- scope-guard -----------------------------------------------------------

// `with transfer:` or try … finally: closes what it guards when its block is
// left, however that happens.
class Closing {
 public:
  explicit Closing(Ref<Transfer> transfer) : transfer_(std::move(transfer)) {}
  ~Closing() { transfer_->log = nullptr; }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;

 private:
  Ref<Transfer> transfer_;
};

struct Classes {
  Ref<Class> transfer, log;
};

Ref<Transfer> BeginTransfer(const Classes& classes) {
  const auto transfer = classes.transfer->New<Transfer>();
  const auto log = classes.log->New<TransferLog>();
  transfer->log = Ref<Object>(log);
  log->transfer = Ref<Object>(transfer);
  return transfer;
}

__attribute__((noinline)) void MakeTransfer(Stage& stage,
                                            const Classes& classes) {
  if (stage.is_broken()) {
    const Ref<Transfer> transfer = BeginTransfer(classes);
    return;  // `__del__` will close it some day
  }
  const Closing guard(BeginTransfer(classes));
}

void RunScopeGuard(Stage& stage) {
  int open = 0;
  const auto close = [&](runtime::Instance&) { --open; };
  const Classes classes = {
      Class::Make<Transfer>("Transfer", {{{"log"}}, {}, close}),
      Class::Make<TransferLog>("TransferLog", {{{"transfer"}}, {}, {}})};
  stage.runtime().collector().Collect();
  stage.runtime().collector().Disable();
  for (int i = 0; i < 3; ++i) {
    ++open;
    MakeTransfer(stage, classes);
  }
  stage.Print("three requests done, transfers open: %d", open);
  stage.Cut("three requests done");
  stage.runtime().collector().Enable();
  stage.runtime().collector().Collect();
  stage.Print("after the next collection, whenever that is: %d", open);
}

}  // namespace

extern const Scenario kResidentSeries{
    "resident-series",
    "resident memory over time, beside what lives",
    {73},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "account"},
    "Every answer is kept in a history that is never cut short; resident "
    "memory follows what lives.",
    {},
    RunResidentSeries};

extern const Scenario kFragmentation{
    "fragmentation",
    "freed memory that the process keeps",
    {76},
    __FILE__,
    Symptom::kNone,
    {"account", "top -n 3"},
    "Nothing leaks: the allocator keeps what lies between the few that live, "
    "until it is trimmed.",
    {},
    RunFragmentation};

extern const Scenario kOutOfMemory{
    "out-of-memory",
    "a process that takes memory until it is killed",
    {74},
    __FILE__,
    Symptom::kNone,
    {},
    "The snapshot that was cut near the limit is whole, though the process "
    "was killed.",
    {},
    RunOutOfMemory};

extern const Scenario kSampling{
    "sampling",
    "one allocation in 64 KiB, for services that run for ever",
    {77},
    __FILE__,
    Symptom::kNone,
    {"top --by line -n 3"},
    "A sampled run costs little and names the same lines; its sizes are "
    "estimates.",
    {},
    RunSampling};

extern const Scenario kScopeGuard{
    "scope-guard",
    "closing at the end of a block, or in a finalizer",
    {100},
    __FILE__,
    Symptom::kCycle,
    {"cycles"},
    "A finalizer in a cycle waits for the collector; a scope guard closes, and "
    "breaks the cycle, when its block is left.",
    {},
    RunScopeGuard};

}  // namespace demo
