#include "preload/late_registers.h"

#include <sys/mman.h>
#include <time.h>

#include "preload/sys.h"

namespace heapline {
namespace {

constexpr size_t kPlaces = 1024;
constexpr uint64_t kStepNs = 1000000;

LateRegisters* places;  // shared with all later children
uint32_t open_count;

bool MapPlaces() {
  if (places != nullptr) return true;
  const long result =
      sys::Call(SYS_mmap, 0, sizeof(LateRegisters) * kPlaces,
                PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (sys::Failed(result)) return false;
  places = reinterpret_cast<LateRegisters*>(result);
  return true;
}

void Fill(LateRegisters* place, const void* ucontext) {
  __asm__("mov %%fs:0, %0" : "=r"(place->thread_pointer));
  ReadGeneralRegisters(ucontext, place->general);
  size_t used = 0;
  for (int part = 0; part < kVectorParts; ++part) {
    VectorPart words;
    place->vector_words[part] = 0;
    if (!FindVectorPart(ucontext, part, &words)) continue;
    const size_t room = LateRegisters::kMostVectorWords - used;
    const size_t count = words.count < room ? words.count : room;
    for (size_t i = 0; i < count; ++i) {
      place->vectors[used + i] = words.words[i];
    }
    place->vector_words[part] = count;
    used += count;
  }
}

}  // namespace

void CloseLateRegisters() {
  __atomic_store_n(&open_count, 0, __ATOMIC_RELEASE);
}

const LateRegisters* OpenLateRegisters(uint32_t stop, int32_t tid) {
  const uint32_t index = open_count;
  if (index == kPlaces || !MapPlaces()) return nullptr;
  LateRegisters* place = &places[index];
  place->tid = tid;
  __atomic_store_n(&place->stop, stop, __ATOMIC_RELAXED);
  __atomic_store_n(&open_count, index + 1, __ATOMIC_RELEASE);
  return place;
}

void LeaveLateRegisters(const void* ucontext) {
  const uint32_t count = __atomic_load_n(&open_count, __ATOMIC_ACQUIRE);
  if (count == 0) return;
  const int32_t tid = static_cast<int32_t>(sys::GetTid());
  for (uint32_t i = 0; i < count; ++i) {
    LateRegisters* place = &places[i];
    const uint32_t stop = __atomic_load_n(&place->stop, __ATOMIC_RELAXED);
    if (place->tid != tid ||
        __atomic_load_n(&place->filled, __ATOMIC_RELAXED) == stop) {
      continue;
    }
    Fill(place, ucontext);
    __atomic_store_n(&place->filled, stop, __ATOMIC_RELEASE);
  }
}

bool AwaitLateRegisters(const LateRegisters* late, uint32_t stop,
                        uint64_t* patience_ns) {
  for (;;) {
    if (__atomic_load_n(&late->stop, __ATOMIC_RELAXED) != stop) return false;
    if (__atomic_load_n(&late->filled, __ATOMIC_ACQUIRE) == stop) return true;
    if (*patience_ns < kStepNs) return false;
    const struct timespec time = {0, kStepNs};
    sys::Call(SYS_nanosleep, sys::Arg(&time), 0);
    *patience_ns -= kStepNs;
  }
}

void ForgetLateRegisters() {
  open_count = 0;
  if (places == nullptr) return;
  sys::Call(SYS_munmap, sys::Arg(places), sizeof(LateRegisters) * kPlaces);
  places = nullptr;
}

}  // namespace heapline
