// runtime.cc: birth and death of objects.
#include "samples/runtime/runtime.h"

#include "samples/runtime/collector.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/disguise.h"
#include "samples/runtime/event_log.h"
#include "samples/runtime/interning.h"
#include "samples/runtime/pool_allocator.h"
#include "samples/runtime/weak_ref.h"

namespace runtime {
namespace {

std::unique_ptr<Allocator> MakeAllocator(Heap heap) {
  switch (heap) {
    case Heap::kMalloc:
      return MakeMallocAllocator();
    case Heap::kPools:
      return std::make_unique<PoolAllocator>(PoolReports::kReported);
    case Heap::kUnreportedPools:
      break;
  }
  return std::make_unique<PoolAllocator>(PoolReports::kUnreported);
}

}  // namespace

Runtime* Runtime::current_ = nullptr;
uint64_t Runtime::leaked_blocks_ = 0;

Runtime::Runtime(const RuntimeOptions& options)
    : options_(options),
      allocator_(MakeAllocator(options.heap)),
      events_(std::make_unique<EventLog>()) {
  current_ = this;
  collector_ = std::make_unique<Collector>(this);
  interning_ = std::make_unique<Interning>();
  globals_ = Dict::Make();
}

Runtime::~Runtime() {
  collector_->Collect();
  globals_ = nullptr;
  collector_->Close();
  interning_.reset();
  collector_.reset();
  leaked_blocks_ += allocator_->stats().live_blocks;
  current_ = nullptr;
}

void* Runtime::AllocateObject(size_t bytes) {
  return allocator_->Allocate(bytes);
}

void Runtime::AddObject(Object* object) {
  if (options_.live_objects == LiveObjects::kListed) live_.Insert(object);
  if (object->Has(kContainer)) {
    collector_->Track(static_cast<Container*>(object));
  }
}

void Runtime::ForEachLiveObject(FunctionRef<void(Object*)> visit) const {
  live_.ForEach(visit);
}

void Runtime::AddForeign(const void* block, size_t bytes) {
  foreign_[Disguised(block)].bytes = bytes;
}

void Runtime::AddForeignReference(const void* block, size_t offset) {
  foreign_.at(Disguised(block)).references.push_back(offset);
}

void Runtime::RemoveForeign(const void* block) {
  foreign_.erase(Disguised(block));
}

void Runtime::ForEachForeignBlock(
    FunctionRef<void(const void*, const ForeignBlock&)> visit) const {
  for (const auto& [disguised, block] : foreign_)
    visit(Undisguised<const void>(disguised), block);
}

Runtime::Finalization Runtime::FinalizeOnce(Object* object) {
  if (!object->HasFinalizer() || object->Has(kFinalized))
    return Finalization::kDone;
  object->Set(kFinalized);
  // It lives while its finalizer runs.
  ++object->refcount_;
  object->Finalize();
  --object->refcount_;
  if (object->Has(kWatched))
    events_->Add(Event::What::kFinalized, object, nullptr, Site());
  return object->refcount_ == 0 ? Finalization::kDone
                                : Finalization::kResurrected;
}

void Runtime::Destroy(Object* object) {
  if (FinalizeOnce(object) == Finalization::kResurrected) return;
  // What follows may allocate: no collection may find it.
  if (object->Has(kTracked))
    collector_->Untrack(static_cast<Container*>(object));
  if (object->WeakRefs() != nullptr) ClearWeakRefs(object);
  object->Clear();
  if (object->Has(kWatched)) events_->Forget(object);
  if (options_.live_objects == LiveObjects::kListed) live_.Erase(object);
  const size_t bytes = object->BlockBytes();
  object->~Object();
  allocator_->Free(object, bytes);
}

void Runtime::Retire(Object* object) {
  if (deaths_within_deaths_ == kMostDeathsWithinDeaths) {
    dying_.push_back(object);
    return;
  }
  ++deaths_within_deaths_;
  Destroy(object);
  if (deaths_within_deaths_ == 1) {
    while (!dying_.empty()) {
      Object* const next = dying_.back();
      dying_.pop_back();
      Destroy(next);
    }
  }
  --deaths_within_deaths_;
}

void Release(Object* object) { Runtime::Current().Retire(object); }

}  // namespace runtime
