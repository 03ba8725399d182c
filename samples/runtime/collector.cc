// collector.cc: a collection, step by step; then when one is made.
#include "samples/runtime/collector.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "samples/runtime/errors.h"
#include "samples/runtime/list.h"
#include "samples/runtime/runtime.h"
#include "samples/runtime/weak_ref.h"

namespace runtime {
namespace {

// Container::links_.trial.state.
enum TrialState : uint64_t { kNotReached, kReached };

using Clock = std::chrono::steady_clock;

uint64_t NanosecondsSince(Clock::time_point start) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start)
          .count());
}

// `object` as a container of that generation; else nullptr.
Container* InGeneration(uint8_t generation, Object* object) {
  const bool is_there =
      object->Has(kTracked) && object->generation() == generation;
  return is_there ? static_cast<Container*>(object) : nullptr;
}

bool HasFinalizerToRun(const Object& object) {
  return object.HasFinalizer() && !object.Has(kFinalized);
}

}  // namespace

Collection Collector::Run(int generation) {
  const Clock::time_point start = Clock::now();
  const int survivors_to = std::min(generation + 1, kGenerations - 1);
  Collection done;
  done.generation = generation;
  TellStart(generation);
  CountCollection(generation);

  GenerationList unreachable;
  {
    const std::vector<Container*> candidates = TakeCandidates(generation);
    done.examined = candidates.size();
    CountOutsideReferences(candidates);
    MarkReachable(candidates);
    const uint64_t survived = Separate(candidates, survivors_to, &unreachable);
    if (generation == 1) long_lived_pending_ += survived;
    if (generation == 2) {
      long_lived_pending_ = 0;
      long_lived_total_ = survived;
    }
  }
  done.unreachable = unreachable.size();

  std::vector<Ref<Container>> uncollectable;
  if (runtime_->options().finalizers == FinalizerMode::kLegacy)
    uncollectable = KeepLegacyFinalizers(survivors_to, &unreachable);
  if ((debug_ & kDebugCollectable) != 0) {
    unreachable.ForEach(
        [&](Container* object) { TellObject("collectable", object); });
  }

  ClearWeakReferences(unreachable);
  Finalize(&unreachable);
  done.resurrected = KeepResurrected(survivors_to, &unreachable);
  BreakCycles(survivors_to, &unreachable);

  done.uncollectable = uncollectable.size();
  done.collected = done.unreachable - done.resurrected - done.uncollectable;
  for (Container* object : uncollectable) {
    if ((debug_ & kDebugUncollectable) != 0)
      TellObject("uncollectable", object);
    if (HasFinalizerToRun(*object) || (debug_ & kDebugSaveAll) != 0)
      Save(object);
  }
  done.pause_ns = NanosecondsSince(start);
  return done;
}

void Collector::CountCollection(int generation) {
  if (generation + 1 < kGenerations) ++counts_[generation + 1];
  std::fill_n(counts_.begin(), generation + 1, 0);
}

// Step 1. The oldest first.
std::vector<Container*> Collector::TakeCandidates(int generation) {
  std::vector<Container*> candidates;
  for (int of = generation; of >= 0; --of) {
    const std::vector<Container*> taken = generations_[of].TakeAll();
    candidates.insert(candidates.end(), taken.begin(), taken.end());
  }
  return candidates;
}

// Step 2.
void Collector::CountOutsideReferences(
    const std::vector<Container*>& candidates) {
  for (Container* object : candidates) {
    // One whose count is 0 waits for Runtime to destroy it, and holds what it
    // refers to until then: something outside.
    object->links_.trial.outside_references =
        std::max<int64_t>(object->refcount(), 1);
    object->links_.trial.state = kNotReached;
    object->generation_ = kCandidate;
  }
  for (const Container* object : candidates) {
    object->Traverse([](Object* referent) {
      if (Container* candidate = InGeneration(kCandidate, referent))
        --candidate->links_.trial.outside_references;
    });
  }
}

// Step 3: what is held from outside, and all that it reaches.
void Collector::MarkReachable(const std::vector<Container*>& candidates) {
  std::vector<Container*> to_follow;
  const auto reach = [&to_follow](Container* object) {
    if (object->links_.trial.state == kReached) return;
    object->links_.trial.state = kReached;
    to_follow.push_back(object);
  };
  for (Container* object : candidates) {
    if (object->links_.trial.outside_references > 0) reach(object);
  }
  while (!to_follow.empty()) {
    const Container* const object = to_follow.back();
    to_follow.pop_back();
    object->Traverse([&](Object* referent) {
      if (Container* candidate = InGeneration(kCandidate, referent))
        reach(candidate);
    });
  }
}

// Ends step 3: every candidate is in a list again.
uint64_t Collector::Separate(const std::vector<Container*>& candidates,
                             int survivors_to, GenerationList* unreachable) {
  uint64_t survivors = 0;
  for (Container* object : candidates) {
    if (object->links_.trial.state == kReached) {
      object->generation_ = static_cast<uint8_t>(survivors_to);
      generations_[survivors_to].PushBack(object);
      ++survivors;
    } else {
      object->generation_ = kUnreachable;
      unreachable->PushBack(object);
    }
  }
  return survivors;
}

// Before PEP 442: no order of finalizing a cycle is right, so who has a
// finalizer, and all that he reaches, survives.
std::vector<Ref<Container>> Collector::KeepLegacyFinalizers(
    int survivors_to, GenerationList* unreachable) {
  std::vector<Ref<Container>> kept;
  const auto keep = [&](Container* object) {
    kept.push_back(object);
    MoveTo(survivors_to, object);
  };
  std::vector<Container*> with_finalizers;
  unreachable->ForEach([&](Container* object) {
    if (HasFinalizerToRun(*object)) with_finalizers.push_back(object);
  });
  for (Container* object : with_finalizers) keep(object);
  for (size_t next = 0; next < kept.size(); ++next) {
    const Ref<Container> object = kept[next];
    object->Traverse([&](Object* referent) {
      if (Container* reached = InGeneration(kUnreachable, referent))
        keep(reached);
    });
  }
  return kept;
}

// Step 4, weak references: all of them first, so that no callback gets to see
// an object that is about to go. Who is garbage himself is not called.
void Collector::ClearWeakReferences(const GenerationList& unreachable) {
  std::vector<Ref<WeakRef>> to_call;
  unreachable.ForEach([&](Container* object) {
    if (auto* reference = dynamic_cast<WeakRef*>(object)) reference->Unlink();
    KillWeakRefs(object, &to_call);
  });
  const auto is_garbage = [](const Ref<WeakRef>& reference) {
    return reference->generation() == kUnreachable;
  };
  to_call.erase(std::remove_if(to_call.begin(), to_call.end(), is_garbage),
                to_call.end());
  for (WeakRef* reference : to_call) reference->CallBack();
}

// Step 4, finalizers. Each may free any object of the list, or add owners.
void Collector::Finalize(GenerationList* unreachable) {
  GenerationList seen;
  while (!unreachable->empty()) {
    Container* const object = unreachable->front();
    GenerationList::Remove(object);
    seen.PushBack(object);
    if (object->refcount() == 0) continue;  // Runtime finalizes it
    const Ref<Container> hold(object);
    runtime_->FinalizeOnce(object);
  }
  for (Container* object : seen.TakeAll()) unreachable->PushBack(object);
}

// Step 4, the end: whoever has got an owner outside, by trial.
uint64_t Collector::KeepResurrected(int survivors_to,
                                    GenerationList* unreachable) {
  const std::vector<Container*> candidates = unreachable->TakeAll();
  CountOutsideReferences(candidates);
  MarkReachable(candidates);
  return Separate(candidates, survivors_to, unreachable);
}

// Step 5. What clearing does not free (something that Traverse does not tell
// holds it) is alive, and empty.
void Collector::BreakCycles(int survivors_to, GenerationList* unreachable) {
  while (!unreachable->empty()) {
    Container* const object = unreachable->front();
    // Of count 0: Runtime frees it as soon as it comes to it.
    if (object->refcount() > 0) {
      if ((debug_ & kDebugSaveAll) != 0) {
        Save(object);
      } else {
        const Ref<Container> hold(object);
        object->Clear();
      }
    }
    if (!unreachable->empty() && unreachable->front() == object)
      MoveTo(survivors_to, object);
  }
}

void Collector::Save(Container* object) {
  if (!is_closed_) garbage().Append(object);
}

void Collector::MoveTo(int generation, Container* object) {
  GenerationList::Remove(object);
  object->generation_ = static_cast<uint8_t>(generation);
  generations_[generation].PushBack(object);
}

Collector::Collector(Runtime* runtime) : runtime_(runtime) {}

Collector::~Collector() = default;

void Collector::Track(Container* object) {
  ++counts_[0];
  CollectIfDue();
  object->Set(kTracked);
  object->generation_ = 0;
  generations_[0].PushBack(object);
}

void Collector::Untrack(Container* object) {
  GenerationList::Remove(object);
  object->Unset(kTracked);
  if (counts_[0] > 0) --counts_[0];
}

bool Collector::IsDue(int generation) const {
  if (counts_[generation] <= thresholds_[generation]) return false;
  return generation < 2 || long_lived_pending_ >= long_lived_total_ / 4;
}

void Collector::CollectIfDue() {
  const bool is_wanted =
      is_enabled_ && thresholds_[0] != 0 && counts_[0] > thresholds_[0];
  if (!is_wanted) return;
  for (int generation = kGenerations - 1; generation >= 0; --generation) {
    if (IsDue(generation)) {
      Collect(generation);
      return;
    }
  }
}

Collection Collector::Collect(int generation) {
  if (generation < 0 || generation >= kGenerations)
    throw ValueError("invalid generation");
  if (is_collecting_) return Collection();
  is_collecting_ = true;
  const Collection done = Run(generation);
  TellEnd(done);
  GenerationStats& stats = stats_[generation];
  ++stats.collections;
  stats.collected += done.collected;
  stats.uncollectable += done.uncollectable;
  if (callback_) callback_(done);
  is_collecting_ = false;
  return done;
}

void Collector::Close() {
  debug_ = 0;
  callback_ = nullptr;
  is_closed_ = true;
  garbage_ = nullptr;
  Collect();
}

List& Collector::garbage() {
  if (garbage_ == nullptr) garbage_ = List::Make();
  return *garbage_;
}

Collector::Callback Collector::SetCallback(Callback callback) {
  return std::exchange(callback_, std::move(callback));
}

}  // namespace runtime
