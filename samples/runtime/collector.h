// collector.h: finds what reference counts cannot free: objects that only keep
// each other alive. Trial deletion, as CPython's gc module does it.
//
//   a variable        object  count − from candidates = trial count
//       │             A       2     − 1 (B)           = 1   held from outside
//       ▼             B       1     − 1 (A)           = 0   but A refers to it
//       A ⇄ B         X       1     − 1 (Y)           = 0 ┐ nobody that lives
//       X ⇄ Y         Y       1     − 1 (X)           = 0 ┘ refers to these
//
// Steps of a collection of generations 0 … g:
//   1. take their objects out of their lists, as candidates;
//   2. trial count = reference count; for each reference among candidates, one
//      less: what is left are the references from outside;
//   3. candidates with some left, and all that they reach, survive and move to
//      generation g + 1 (2 stays 2); the others are unreachable;
//   4. weak references to the unreachable are cleared (callbacks of those that
//      live are called), finalizers run; who resurrects himself, and all he
//      reaches, survives. Found by trial once more: steps 2 and 3;
//   5. each of the rest drops what it refers to, and counting frees them.
//
// Steps 1 to 3 run nothing of the program's, so the trial count of a candidate
// may stand in the words that link it into a list at all other times. Before
// step 4 every object is in a list again: code of the program's that runs in
// steps 4 and 5 may free any of them, and make new ones.
//
// Generation g is due when its count exceeds its threshold: for 0 that is
// allocations − deallocations of containers, for 1 and 2 collections of the
// generation below. (CPython puts a full collection off until a quarter of the
// survivors is new; so does this one.)
//
// Invariant: between collections every tracked container is in one list.
// Source: CPython, Modules/gcmodule.c of 3.11 and its developer's guide, for
// the method and the numbers.
//
// Where to read: collector.cc, Run and the steps in their order;
// generation_list.h, the lists; collector_queries.cc, what the program may ask;
// collector_debug.cc, what set_debug tells.
#ifndef SAMPLES_RUNTIME_COLLECTOR_H_
#define SAMPLES_RUNTIME_COLLECTOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "samples/runtime/generation_list.h"
#include "samples/runtime/object.h"

namespace runtime {

class List;
class Runtime;

inline constexpr int kGenerations = 3;
inline constexpr int kAllGenerations = kGenerations - 1;
inline constexpr uint8_t kPermanent = kGenerations;  // Freeze
// Object::generation() while a collection looks at its candidates, and of what
// it then found unreachable.
inline constexpr uint8_t kCandidate = kGenerations + 1;
inline constexpr uint8_t kUnreachable = kGenerations + 2;

// Bits of set_debug, with gc's values.
enum DebugFlags : unsigned {
  kDebugStats = 1,
  kDebugCollectable = 2,
  kDebugUncollectable = 4,
  kDebugSaveAll = 32,
  kDebugLeak = kDebugCollectable | kDebugUncollectable | kDebugSaveAll,
};
enum class DebugForm { kText, kJsonLines };

// What a collection did.
struct Collection {
  int generation = 0;
  uint64_t examined = 0;       // candidates
  uint64_t unreachable = 0;    // found in cycles
  uint64_t collected = 0;      // of them, freed (or saved: kDebugSaveAll)
  uint64_t uncollectable = 0;  // of them, kept in garbage()
  uint64_t resurrected = 0;    // of them, alive again by a finalizer
  uint64_t pause_ns = 0;
};

struct GenerationStats {  // gc.get_stats()
  uint64_t collections = 0;
  uint64_t collected = 0;
  uint64_t uncollectable = 0;
};

class Collector {
 public:
  explicit Collector(Runtime* runtime);
  // Virtual for its vtable alone, which names it to whoever looks at memory:
  // the heads of its lists own nothing (edge_rules.h).
  virtual ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // gc.collect(generation): what it returns there is collected + uncollectable.
  // Within a collection nothing happens. Finalizers and callbacks may do
  // anything: allocate, store what they see, drop references.
  Collection Collect(int generation = kAllGenerations);

  void Enable() { is_enabled_ = true; }
  void Disable() { is_enabled_ = false; }
  bool is_enabled() const { return is_enabled_; }

  using Triple = std::array<uint64_t, kGenerations>;
  // Default 700, 10, 10; threshold 0 of generation 0 turns automatic
  // collection off.
  void SetThreshold(const Triple& thresholds) { thresholds_ = thresholds; }
  const Triple& GetThreshold() const { return thresholds_; }
  const Triple& GetCount() const { return counts_; }
  const std::array<GenerationStats, kGenerations>& GetStats() const {
    return stats_;
  }

  void SetDebug(unsigned flags, DebugForm form = DebugForm::kText);
  unsigned GetDebug() const { return debug_; }
  // Where debug lines go: standard error unless set.
  void SetDebugOutput(std::function<void(const std::string&)> line);

  // Tracked containers: of all generations, or of one, kPermanent included.
  std::vector<Container*> GetObjects() const;
  std::vector<Container*> GetObjects(int generation) const;
  // Tracked containers that refer to any of these; each once.
  std::vector<Container*> GetReferrers(const std::vector<Object*>& of) const;
  static std::vector<Object*> GetReferents(const Object* of);

  // Moves all tracked objects where no collection looks, and back to
  // generation 2.
  void Freeze();
  void Unfreeze();
  size_t GetFreezeCount() const { return permanent_.size(); }

  // gc.garbage: objects found unreachable and kept. Made when first wanted.
  List& garbage();
  // Called at the end of each collection; must not throw. Gives what was there
  // before.
  using Callback = std::function<void(const Collection&)>;
  Callback SetCallback(Callback callback);

  // Where in a Collector the links of its lists stand: bytes. REQUIRES: a
  // Runtime is alive.
  static std::vector<size_t> LinkOffsets();

 private:
  friend class Runtime;

  void Track(Container* object);  // may collect first
  void Untrack(Container* object);
  void CollectIfDue();
  // The end of the runtime: collects, without debugging, and lets the garbage
  // list go. Nothing is saved from then on.
  void Close();

  // One collection; the steps of the comment above, in their order.
  Collection Run(int generation);
  void CountCollection(int generation);
  std::vector<Container*> TakeCandidates(int generation);
  static void CountOutsideReferences(const std::vector<Container*>& candidates);
  static void MarkReachable(const std::vector<Container*>& candidates);
  // Gives the number of survivors.
  uint64_t Separate(const std::vector<Container*>& candidates, int survivors_to,
                    GenerationList* unreachable);
  std::vector<Ref<Container>> KeepLegacyFinalizers(int survivors_to,
                                                   GenerationList* unreachable);
  static void ClearWeakReferences(const GenerationList& unreachable);
  void Finalize(GenerationList* unreachable);
  uint64_t KeepResurrected(int survivors_to, GenerationList* unreachable);
  void BreakCycles(int survivors_to, GenerationList* unreachable);
  void Save(Container* object);  // in garbage()

  bool IsDue(int generation) const;
  void MoveTo(int generation, Container* object);

  // collector_debug.cc
  void TellStart(int generation) const;
  void TellObject(const char* what, const Container* object) const;
  void TellEnd(const Collection& done) const;
  void Tell(const std::string& line) const;

  Runtime* runtime_;
  std::array<GenerationList, kGenerations> generations_;
  GenerationList permanent_;
  Triple thresholds_{700, 10, 10};
  Triple counts_{};
  std::array<GenerationStats, kGenerations> stats_{};
  // Survivors of full collections, and those that came to generation 2 since.
  uint64_t long_lived_total_ = 0;
  uint64_t long_lived_pending_ = 0;
  bool is_enabled_ = true;
  bool is_collecting_ = false;
  bool is_closed_ = false;
  unsigned debug_ = 0;
  DebugForm debug_form_ = DebugForm::kText;
  std::function<void(const std::string&)> debug_output_;
  Callback callback_;
  Ref<List> garbage_;
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_COLLECTOR_H_
