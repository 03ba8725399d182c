#include "preload/pages.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {

OwnRange own_ranges[kMostOwnRanges];
size_t own_range_count;

namespace {

size_t mapped_bytes;
bool own_ranges_are_lost;
size_t mark_of_ranges;  // kOfChild in a snapshot's child

// The first free place from `first` on becomes the range's. A place belongs to
// who has changed its start from 0.
bool NoteInPlaces(size_t first, size_t count, uintptr_t start, size_t bytes) {
  for (size_t i = first; i < count; ++i) {
    uintptr_t expected = 0;
    if (__atomic_compare_exchange_n(&own_ranges[i].start, &expected, start,
                                    false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
      __atomic_store_n(&own_ranges[i].bytes, bytes | mark_of_ranges,
                       __ATOMIC_RELAXED);
      return true;
    }
  }
  return false;
}

void NoteOwnRange(void* memory, size_t bytes) {
  const uintptr_t start = reinterpret_cast<uintptr_t>(memory);
  size_t count = __atomic_load_n(&own_range_count, __ATOMIC_RELAXED);
  // Those given back lately are near the end.
  constexpr size_t kLookedAt = 64;
  if (NoteInPlaces(count > kLookedAt ? count - kLookedAt : 0, count, start,
                   bytes)) {
    return;
  }
  count = __atomic_fetch_add(&own_range_count, 1, __ATOMIC_RELAXED);
  if (count < kMostOwnRanges) {
    if (NoteInPlaces(count, count + 1, start, bytes)) return;
  } else {
    __atomic_store_n(&own_range_count, kMostOwnRanges, __ATOMIC_RELAXED);
  }
  if (!NoteInPlaces(0, kMostOwnRanges, start, bytes)) {
    __atomic_store_n(&own_ranges_are_lost, true, __ATOMIC_RELAXED);
  }
}

void ForgetOwnRange(const void* memory) {
  const uintptr_t start = reinterpret_cast<uintptr_t>(memory);
  size_t i = __atomic_load_n(&own_range_count, __ATOMIC_RELAXED);
  if (i > kMostOwnRanges) i = kMostOwnRanges;
  while (i-- > 0) {
    if (__atomic_load_n(&own_ranges[i].start, __ATOMIC_RELAXED) == start) {
      __atomic_store_n(&own_ranges[i].start, 0, __ATOMIC_RELAXED);
      return;
    }
  }
}

// What we map counts against the program's limits on memory. The tables leave
// a quarter of them to it, what is essential 1 MiB: proven by mapping that much
// more and giving it back.
constexpr size_t kLeastReserveBytes = size_t{1} << 20;
size_t limit_bytes;  // 0: no limit
bool limits_are_known;
bool limits_refused;

// max_memory in the stated order: call-tree nodes may use three quarters of
// it, the live table all, what is essential may pass it.
bool IsPastCeiling(size_t bytes, PageUse use) {
  const uint64_t ceiling = tracer.options.max_memory;
  if (ceiling == 0 || use == PageUse::kEssential) return false;
  const uint64_t share = use == PageUse::kNodes ? ceiling / 4 * 3 : ceiling;
  return __atomic_load_n(&mapped_bytes, __ATOMIC_RELAXED) + bytes > share;
}

void* RawMap(size_t bytes) {
  const long result =
      sys::Call(SYS_mmap, 0, sys::Arg(bytes), PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return sys::Failed(result) ? nullptr : reinterpret_cast<void*>(result);
}

void RawUnmap(void* start, size_t bytes) {
  sys::Call(SYS_munmap, sys::Arg(start), sys::Arg(bytes));
}

// Asked once a process, and again when the program has set one or a mapping
// was refused. Not asked once the program restricts its calls.
void LookUpLimits() {
  rlim_t least = RLIM_INFINITY;
  if (!tracer.calls_restricted) {
    constexpr int kKinds[] = {RLIMIT_AS, RLIMIT_DATA};
    for (const int which : kKinds) {
      struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
      sys::Call(SYS_prlimit64, 0, which, 0, sys::Arg(&limit));
      if (limit.rlim_cur < least) least = limit.rlim_cur;
    }
  }
  limit_bytes = least == RLIM_INFINITY ? 0 : least;
  __atomic_store_n(&limits_are_known, true, __ATOMIC_RELAXED);
}

bool LeavesReserve(PageUse use) {
  if (!__atomic_load_n(&limits_are_known, __ATOMIC_RELAXED)) LookUpLimits();
  const size_t limit = limit_bytes;
  if (limit == 0) return true;
  const size_t bytes =
      use == PageUse::kEssential || limit / 4 < kLeastReserveBytes
          ? kLeastReserveBytes
          : limit / 4;
  void* reserve = RawMap(bytes);
  if (reserve == nullptr) return false;
  RawUnmap(reserve, bytes);
  return true;
}

// Not noted as ours yet.
void* MapCounted(size_t bytes, PageUse use) {
  bytes = WholePages(bytes);
  if (IsPastCeiling(bytes, use)) return nullptr;
  void* start = RawMap(bytes);
  if (start == nullptr) ForgetMemoryLimits();
  if (start == nullptr || !LeavesReserve(use)) {
    __atomic_store_n(&limits_refused, true, __ATOMIC_RELAXED);
    if (start != nullptr) RawUnmap(start, bytes);
    return nullptr;
  }
  __atomic_add_fetch(&mapped_bytes, bytes, __ATOMIC_RELAXED);
  return start;
}

void UnmapCounted(void* start, size_t bytes) {
  RawUnmap(start, bytes);
  __atomic_sub_fetch(&mapped_bytes, bytes, __ATOMIC_RELAXED);
}

}  // namespace

void* MapPages(size_t bytes, PageUse use) {
  void* start = MapCounted(bytes, use);
  if (start != nullptr) NoteOwnRange(start, WholePages(bytes));
  return start;
}

void* MapPagesHugeAligned(size_t bytes, PageUse use) {
  bytes = WholePages(bytes);
  char* start = static_cast<char*>(MapCounted(bytes + kHugePageBytes, use));
  if (start == nullptr) return nullptr;
  const uintptr_t address = reinterpret_cast<uintptr_t>(start);
  const size_t head = (-address) & (kHugePageBytes - 1);
  if (head != 0) UnmapCounted(start, head);
  UnmapCounted(start + head + bytes, kHugePageBytes - head);
  NoteOwnRange(start + head, bytes);
  return start + head;
}

void AskForHugePages(void* start, size_t bytes) {
  constexpr int kHugePagesAdvice = 14;  // MADV_HUGEPAGE
  sys::Call(SYS_madvise, sys::Arg(start), bytes, kHugePagesAdvice);
}

void ForgetMemoryLimits() {
  __atomic_store_n(&limits_are_known, false, __ATOMIC_RELAXED);
}

bool LimitsRefusedPages() {
  return __atomic_load_n(&limits_refused, __ATOMIC_RELAXED);
}

void UnmapPages(void* start, size_t bytes) {
  bytes = WholePages(bytes);
  if (bytes == 0) return;
  // First: another thread may be given the same addresses at once.
  ForgetOwnRange(start);
  UnmapCounted(start, bytes);
}

void NoteChildsPages() { mark_of_ranges = kOfChild; }

bool OwnRangesAreKnown() {
  return !__atomic_load_n(&own_ranges_are_lost, __ATOMIC_RELAXED);
}

size_t MappedPageBytes() {
  return __atomic_load_n(&mapped_bytes, __ATOMIC_RELAXED);
}

}  // namespace heapline
