// runtime.h: one embedded runtime: its allocator, its cyclic collector, its
// shared objects, and the way an object is born and dies. There is one at a
// time; objects find it by Runtime::Current().
//
//   New ─▶ count 1 ─ IncRef / DecRef ─▶ count 0 ─▶ Release:
//     finalizer (once; may resurrect) ─▶ weak references cleared, callbacks
//     ─▶ Clear: what it held is dropped ─▶ destructor ─▶ Free
//
// Invariant: an object is in a generation's list exactly while it is a tracked
// container. One thread only.
#ifndef SAMPLES_RUNTIME_RUNTIME_H_
#define SAMPLES_RUNTIME_RUNTIME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "samples/runtime/allocator.h"
#include "samples/runtime/cast.h"
#include "samples/runtime/live_objects.h"
#include "samples/runtime/object.h"

namespace runtime {

class Collector;
class Dict;
class EventLog;
class Interning;

enum class Heap { kMalloc, kPools, kUnreportedPools };

// What happens to a cycle with a finalizer: CPython until 3.3 put it into
// gc.garbage, for no order of finalizing is right; since PEP 442 finalizers run
// with all objects intact, once.
enum class FinalizerMode { kLegacy, kPep442 };

// Whether all live objects are listed, which exact_graph.h needs and costs 16
// to 32 bytes each of memory that is neither the runtime's heap nor malloc's.
enum class LiveObjects { kListed, kUnlisted };

struct RuntimeOptions {
  Heap heap = Heap::kMalloc;
  FinalizerMode finalizers = FinalizerMode::kPep442;
  LiveObjects live_objects = LiveObjects::kListed;
};

class Runtime {
 public:
  explicit Runtime(const RuntimeOptions& options = {});
  // Collects, drops its own objects and collects again. What still lives then
  // is leaked, and what holds it must not be used any more: malloc's blocks
  // stay, as at the end of a process, those of pools go with their arenas.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // REQUIRES: a Runtime is alive.
  static Runtime& Current() { return *current_; }
  // Blocks that the Runtimes which have ended leaked, of either heap.
  static uint64_t leaked_blocks() { return leaked_blocks_; }

  Allocator& allocator() { return *allocator_; }
  Collector& collector() { return *collector_; }
  Interning& interning() { return *interning_; }
  EventLog& events() { return *events_; }
  // The module's namespace: named objects that live as long as the runtime.
  Dict& globals() { return *globals_; }
  const RuntimeOptions& options() const { return options_; }

  // A new object in a block of sizeof(T) + extra_bytes. A container is tracked,
  // which may run a collection first. What its constructor throws is passed on,
  // and nothing is left.
  template <typename T, typename... Arguments>
  Ref<T> New(size_t extra_bytes, Arguments&&... arguments);

  size_t live_objects() const { return live_.size(); }  // 0: not listed
  // In no order; none where they are not listed. `visit` must not make or free
  // objects.
  void ForEachLiveObject(FunctionRef<void(Object*)> visit) const;
  // Of exactly this type.
  template <typename T>
  size_t CountLive() const {
    size_t live = 0;
    ForEachLiveObject([&](Object* object) {
      if (Cast<T>(object) != nullptr) ++live;
    });
    return live;
  }

  // Blocks that are not the runtime's: a C extension's own. They are told to
  // the exact graph; nobody traverses them.
  struct ForeignBlock {
    size_t bytes = 0;
    std::vector<size_t> references;  // offsets of words that refer to blocks
  };
  void AddForeign(const void* block, size_t bytes);
  // REQUIRES: the block was added.
  void AddForeignReference(const void* block, size_t offset);
  void RemoveForeign(const void* block);
  void ForEachForeignBlock(
      FunctionRef<void(const void* start, const ForeignBlock& block)> visit)
      const;

 private:
  friend void Release(Object* object);
  friend class Collector;

  void* AllocateObject(size_t bytes);
  void AddObject(Object* object);  // to the lists, once it is made
  void Retire(Object* object);     // its count is 0
  void Destroy(Object* object);
  // The finalizer, where there is one that has not run; kResurrected where the
  // object has owners again.
  enum class Finalization { kDone, kResurrected };
  Finalization FinalizeOnce(Object* object);

  static Runtime* current_;
  static uint64_t leaked_blocks_;

  RuntimeOptions options_;
  std::unique_ptr<Allocator> allocator_;
  std::unique_ptr<EventLog> events_;
  LiveObjectTable live_;
  // By addresses with all bits turned: the map owns nothing.
  std::unordered_map<uintptr_t, ForeignBlock> foreign_;
  std::unique_ptr<Collector> collector_;
  std::unique_ptr<Interning> interning_;
  Ref<Dict> globals_;
  // An object dies in the statement that lets go of it, and what it held dies
  // within; beyond this depth it waits in dying_, so that a chain of any length
  // takes little stack (CPython's trashcan).
  static constexpr int kMostDeathsWithinDeaths = 50;
  int deaths_within_deaths_ = 0;
  std::vector<Object*> dying_;
};

template <typename T, typename... Arguments>
Ref<T> Runtime::New(size_t extra_bytes, Arguments&&... arguments) {
  const size_t bytes = sizeof(T) + extra_bytes;
  void* const block = AllocateObject(bytes);
  T* object = nullptr;
  try {
    object = new (block) T(std::forward<Arguments>(arguments)...);
  } catch (...) {
    allocator_->Free(block, bytes);
    throw;
  }
  AddObject(object);
  return Ref<T>::Adopt(object);
}

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_RUNTIME_H_
