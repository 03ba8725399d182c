#include "preload/libunwind_oracle.h"

#include <dlfcn.h>

#include "preload/lifecycle.h"
#include "preload/message.h"
#include "preload/tracer.h"

namespace heapline {

// Weak: a test of single parts has no lifecycle.
void StartTracer() __attribute__((weak));

namespace {

using BacktraceFunction = int (*)(void** addresses, int capacity);

BacktraceFunction backtrace_function;

// While one lives the thread's hooks only forward.
class Unrecorded {
 public:
  explicit Unrecorded(ThreadState* thread) : thread_(thread) {
    if (thread_ == nullptr) return;
    thread_->guard = thread_->guard + 1;
    thread_->unrecorded = thread_->unrecorded + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  }
  ~Unrecorded() {
    if (thread_ == nullptr) return;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread_->unrecorded = thread_->unrecorded - 1;
    thread_->guard = thread_->guard - 1;
  }
  Unrecorded(const Unrecorded&) = delete;
  Unrecorded& operator=(const Unrecorded&) = delete;

 private:
  ThreadState* thread_;
};

void SayMissing() {
  Line line;
  line.Add(tracer.options.check != 0 ? "check" : "unwinder=libunwind")
      .Add(": libunwind.so.8 cannot be loaded: ")
      .Add(tracer.options.check != 0
               ? "no stack is compared; install libunwind8"
               : "stacks come from unwinder=cfi; install libunwind8");
  Say(Severity::kError, line);
}

// libunwind's cache of unwind tables is shared by all threads, and its lock is
// held while the loader's is waited for: two threads could wait for each other,
// one in dlopen. Without that cache no lock of libunwind's is held then; its
// cache of single frames, which is each thread's own, still works.
void TurnCacheOff(void* library) {
  using SetPolicyFunction = int (*)(void* address_space, int policy);
  constexpr int kNoCache = 0;  // UNW_CACHE_NONE
  const auto set_policy = reinterpret_cast<SetPolicyFunction>(
      dlsym(library, "_ULx86_64_set_caching_policy"));
  auto* space =
      static_cast<void**>(dlsym(library, "_ULx86_64_local_addr_space"));
  if (set_policy != nullptr && space != nullptr) set_policy(*space, kNoCache);
}

// The library's constructor is the one moment when loading is safe: the
// program's first hook may run deep inside the loader.
__attribute__((constructor)) void LoadIfWanted() {
  if (StartTracer == nullptr) return;
  StartTracer();
  const Mode mode = CurrentMode();
  if (mode != Mode::kTracing && mode != Mode::kForwarding) return;
  if (tracer.options.check != 0 ||
      tracer.options.unwinder == Unwinder::kLibunwind) {
    LoadLibunwind();
  }
}

}  // namespace

bool LoadLibunwind() {
  if (LibunwindIsLoaded()) return true;
  ThreadState* thread = current_thread;
  if (thread == nullptr) thread = AttachThread();
  Unrecorded scope(thread);
  void* library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
  BacktraceFunction function = nullptr;
  if (library != nullptr) {
    function =
        reinterpret_cast<BacktraceFunction>(dlsym(library, "unw_backtrace"));
  }
  if (function == nullptr) {
    SayMissing();
    return false;
  }
  TurnCacheOff(library);
  // Once here, so that its own set-up does not run in the middle of a hook.
  void* addresses[4];
  function(addresses, 4);
  __atomic_store_n(&backtrace_function, function, __ATOMIC_RELEASE);
  return true;
}

bool LibunwindIsLoaded() {
  return __atomic_load_n(&backtrace_function, __ATOMIC_ACQUIRE) != nullptr;
}

int LibunwindBacktrace(ThreadState* thread, void** addresses, int capacity) {
  const BacktraceFunction function =
      __atomic_load_n(&backtrace_function, __ATOMIC_ACQUIRE);
  if (function == nullptr || thread == nullptr || thread->unrecorded != 0) {
    return 0;
  }
  Unrecorded scope(thread);
  const int count = function(addresses, capacity);
  return count < 0 ? 0 : count;
}

}  // namespace heapline
