#include "tests/oracle/operations.h"

#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

namespace heapline::oracle {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr std::align_val_t kAlignment{kNewAlignment};

[[noreturn]] void Fail(const char* what) {
  const auto ignored = write(STDERR_FILENO, what, strlen(what));
  static_cast<void>(ignored);
  abort();
}

void* At(uint64_t address) { return reinterpret_cast<void*>(address); }

// What a block's first word must be for as long as it lives.
uint64_t Stamp(uint64_t address, uint64_t bytes) {
  return address * 0x9e3779b97f4a7c15 ^ bytes;
}

void PutStamp(const Block& block) {
  if (block.bytes < sizeof(uint64_t)) return;
  const uint64_t stamp = Stamp(block.address, block.bytes);
  memcpy(At(block.address), &stamp, sizeof stamp);
}

// The word of `before` as it stands at `address` now.
void ExpectStamp(const Block& before, uint64_t address) {
  const uint64_t expected = Stamp(before.address, before.bytes);
  if (memcmp(At(address), &expected, sizeof expected) != 0) {
    Fail("oracle: a block does not hold what was put there\n");
  }
}

void CheckStamp(const Block& block) {
  if (block.bytes >= sizeof(uint64_t)) ExpectStamp(block, block.address);
}

Block Made(void* address, uint64_t bytes, Family family = Family::kMalloc) {
  return {reinterpret_cast<uint64_t>(address), bytes, family, 0};
}

Block ByMalloc(uint64_t bytes) { return Made(malloc(bytes), bytes); }

Block ByCalloc(uint64_t bytes) {
  const uint64_t count = bytes % 7 == 0 ? 7 : 1;
  Block block = Made(calloc(count, bytes / count), bytes);
  const uint64_t zero = 0;
  if (block.address != 0 && bytes >= sizeof zero &&
      memcmp(At(block.address), &zero, sizeof zero) != 0) {
    Fail("oracle: calloc's memory is not zero\n");
  }
  return block;
}

Block ByPosixMemalign(uint64_t bytes) {
  void* address = nullptr;
  if (posix_memalign(&address, 128, bytes) != 0) address = nullptr;
  return Made(address, bytes);
}

Block ByAlignedAlloc(uint64_t bytes) {
  return Made(aligned_alloc(32, bytes), bytes);
}
Block ByMemalign(uint64_t bytes) { return Made(memalign(256, bytes), bytes); }
Block ByValloc(uint64_t bytes) { return Made(valloc(bytes), bytes); }
Block ByPvalloc(uint64_t bytes) { return Made(pvalloc(bytes), bytes); }
Block ByReallocNull(uint64_t bytes) {
  return Made(realloc(nullptr, bytes), bytes);
}
Block ByReallocarrayNull(uint64_t bytes) {
  return Made(reallocarray(nullptr, bytes, 1), bytes);
}

// Of a length that `bytes` gives; the copy's size is told by the string.
Block ByStrdup(uint64_t bytes) {
  static const char text[] =
      "a string of some length, copied from some place within it to its end, "
      "so that copies differ in size";
  const char* from = text + bytes % (sizeof text - 1);
  return Made(strdup(from), strlen(from) + 1);
}
Block ByStrndup(uint64_t bytes) {
  static const char text[] = "cut after some bytes, as strndup is asked to";
  const uint64_t length = bytes % (sizeof text);
  return Made(strndup(text, length), strnlen(text, length) + 1);
}

// A size as `new` asks for: never 0, and a multiple of the alignment (libstdc++
// asks malloc for at least 1 byte and rounds up to the alignment).
uint64_t OfObject(uint64_t bytes) { return bytes == 0 ? 1 : bytes; }
uint64_t OfAlignedObject(uint64_t bytes) {
  return (OfObject(bytes) + kNewAlignment - 1) & ~(kNewAlignment - 1);
}

Block ByNew(uint64_t bytes) {
  bytes = OfObject(bytes);
  return Made(::operator new(bytes), bytes, Family::kNew);
}
Block ByNewNothrow(uint64_t bytes) {
  bytes = OfObject(bytes);
  return Made(::operator new(bytes, std::nothrow), bytes, Family::kNew);
}
Block ByNewArray(uint64_t bytes) {
  bytes = OfObject(bytes);
  return Made(::operator new[](bytes), bytes, Family::kNewArray);
}
Block ByNewArrayNothrow(uint64_t bytes) {
  bytes = OfObject(bytes);
  return Made(::operator new[](bytes, std::nothrow), bytes, Family::kNewArray);
}
Block ByNewAligned(uint64_t bytes) {
  bytes = OfAlignedObject(bytes);
  return Made(::operator new(bytes, kAlignment), bytes, Family::kNewAligned);
}
Block ByNewArrayAligned(uint64_t bytes) {
  bytes = OfAlignedObject(bytes);
  return Made(::operator new[](bytes, kAlignment, std::nothrow), bytes,
              Family::kNewArrayAligned);
}

using Make = Block (*)(uint64_t bytes);
// malloc and new stand often, as they do in programs.
constexpr Make kMakes[] = {
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByMalloc,
    ByNew,
    ByNew,
    ByNew,
    ByNew,
    ByNew,
    ByNewNothrow,
    ByNewArray,
    ByNewArray,
    ByNewArrayNothrow,
    ByNewAligned,
    ByCalloc,
    ByCalloc,
    ByCalloc,
    ByNewArrayAligned,
    ByPosixMemalign,
    ByMemalign,
    ByAlignedAlloc,
    ByReallocNull,
    ByStrdup,
    ByStrndup,
    ByReallocarrayNull,
    ByMalloc,
};
// Whole pages are dear: one allocation in some hundreds.
constexpr Make kPageMakes[] = {ByValloc, ByPvalloc};
static_assert(std::size(kPageMakes) == kAllPageMakes, "operations.h");

void GiveBack(const Block& block, bool says_size) {
  void* address = At(block.address);
  switch (block.family) {
    case Family::kMalloc:
      free(address);
      return;
    case Family::kNew:
      says_size ? ::operator delete(address, block.bytes)
                : ::operator delete(address);
      return;
    case Family::kNewArray:
      says_size ? ::operator delete[](address, block.bytes)
                : ::operator delete[](address);
      return;
    case Family::kNewAligned:
      says_size ? ::operator delete(address, block.bytes, kAlignment)
                : ::operator delete(address, kAlignment);
      return;
    case Family::kNewArrayAligned:
      ::operator delete[](address, kAlignment);
      return;
  }
}

}  // namespace

uint64_t Operator::Random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_ * 0x2545f4914f6cdd1d >> 16;
}

// Mostly small, now and then over 1 MiB, and nothing at all.
uint64_t Operator::RandomBytes() {
  const uint64_t kind = Random() % 1024;
  if (kind < 720) return 1 + Random() % 512;
  if (kind < 1010) return 1 + Random() % 4096;
  if (kind < 1022) return 1 + Random() % (128 << 10);
  if (kind < 1023) return 0;
  return Random() % 8 == 0 ? kMiB - 64 + Random() % (2 * kMiB)
                           : 1 + Random() % 64;
}

void Operator::Intend(const Block& old) {
  const uint64_t at = journal_.done.load(std::memory_order_relaxed);
  Record& record = journal_.ring[at % kRing];
  record = {old.address, old.bytes, 0, 0, old.owner};
  journal_.intent.store(at + 1, std::memory_order_release);
}

void Operator::Done(const Block& old, const Block& fresh) {
  const uint64_t at = journal_.done.load(std::memory_order_relaxed);
  Record& record = journal_.ring[at % kRing];
  record = {old.address, old.bytes, fresh.address, fresh.bytes, old.owner};
  if (fresh.address != 0) {
    journal_.allocations += 1;
    journal_.allocated_bytes += fresh.bytes;
  }
  // Only where something was freed and nothing taken must the next operation
  // allocate.
  may_free_ = fresh.address != 0 || (may_free_ && old.address == 0);
  journal_.done.store(at + 1, std::memory_order_release);
}

void Operator::Allocate(Block* slot) {
  const uint64_t choice = Random();
  const Make make = choice % 512 == 0
                        ? kPageMakes[choice / 512 % page_makes_]
                        : kMakes[choice / 512 % std::size(kMakes)];
  const uint64_t bytes = RandomBytes();
  Intend({});
  Block block = make(bytes);
  block.owner = journal_.index;
  if (block.address == 0) Fail("oracle: out of memory\n");
  PutStamp(block);
  *slot = block;
  Done({}, block);
}

void Operator::Free(Block block) {
  CheckStamp(block);
  const uint64_t choice = Random() % 64;
  const bool by_realloc = block.family == Family::kMalloc && choice == 0;
  Intend(block);
  if (!by_realloc) {
    GiveBack(block, choice % 2 == 0);
    Done(block, {});
    return;
  }
  // glibc frees and returns NULL; others may return a block of no bytes.
  void* rest = realloc(At(block.address), 0);
  Block empty = Made(rest, 0);
  empty.owner = journal_.index;
  Done(block, rest == nullptr ? Block{} : empty);
  if (rest == nullptr) return;
  Intend(empty);
  free(rest);
  Done(empty, {});
}

void Operator::Reallocate(Block block, Block* slot) {
  CheckStamp(block);
  uint64_t bytes = RandomBytes();
  if (bytes == 0) bytes = 1;
  if (Random() % 4096 == 0) bytes += kMiB;
  const bool by_array = Random() % 4 == 0;
  Intend(block);
  Block moved = Made(by_array ? reallocarray(At(block.address), 1, bytes)
                              : realloc(At(block.address), bytes),
                     bytes);
  moved.owner = journal_.index;
  if (moved.address == 0) Fail("oracle: out of memory in realloc\n");
  if (block.bytes >= sizeof(uint64_t) && bytes >= sizeof(uint64_t)) {
    ExpectStamp(block, moved.address);
  }
  PutStamp(moved);
  *slot = moved;
  Done(block, moved);
}

// A request that must be refused and change nothing.
void Operator::FailOn(Block* slot) {
  // Not known to the compiler, which would warn of it.
  volatile uint64_t huge = UINT64_MAX / 2 + 1;
  void* result = nullptr;
  Intend({});
  errno = 0;
  switch (Random() % 5) {
    case 0:
      result = malloc(huge);
      break;
    case 1:
      result = calloc(huge, 4);
      break;
    case 2:
      if (slot->family == Family::kMalloc) {
        result = realloc(At(slot->address), huge);
      }
      break;
    case 3:
      if (slot->family == Family::kMalloc) {
        result = reallocarray(At(slot->address), huge, 2);
      }
      break;
    case 4:
      if (posix_memalign(&result, 3, 64) == 0) {
        Fail("oracle: posix_memalign took a wrong alignment\n");
      }
      result = nullptr;
      break;
  }
  if (result != nullptr) Fail("oracle: a huge request was granted\n");
  CheckStamp(*slot);
  Done({}, {});
}

bool Operator::Give(Block* slot) {
  Queue& queue = journal_.outgoing;
  const uint32_t pushed = queue.pushed.load(std::memory_order_relaxed);
  if (pushed - queue.popped.load(std::memory_order_acquire) == kQueue) {
    return false;
  }
  queue.blocks[pushed % kQueue] = *slot;
  *slot = {};
  queue.pushed.store(pushed + 1, std::memory_order_release);
  return true;
}

bool Operator::Take(Block* taken) {
  const uint32_t popped = incoming_.popped.load(std::memory_order_relaxed);
  if (popped == incoming_.pushed.load(std::memory_order_acquire)) return false;
  *taken = incoming_.blocks[popped % kQueue];
  incoming_.popped.store(popped + 1, std::memory_order_release);
  return true;
}

void Operator::Next() {
  const uint64_t choice = Random();
  Block* slot = &journal_.slots[choice % kSlots];
  const uint64_t way = choice / kSlots % 256;
  Block taken;
  if (slot->address == 0) {
    if (way < 32 && Take(&taken)) {
      if (taken.family == Family::kMalloc && (way < 16 || !may_free_)) {
        return Reallocate(taken, slot);
      }
      if (may_free_) return Free(taken);
      *slot = taken;  // another time
    } else {
      return Allocate(slot);
    }
  }
  if (way == 255 && choice >> 40 & 1) return FailOn(slot);
  if (way >= 224 && Give(slot)) return Allocate(slot);
  if (may_free_ && way < 160) {
    Block block = {};
    std::swap(block, *slot);
    return Free(block);
  }
  if (slot->family == Family::kMalloc) return Reallocate(*slot, slot);
  // Another slot, or this one's block goes first.
  for (uint32_t i = 1; i < kSlots; ++i) {
    Block* other = &journal_.slots[(choice + i) % kSlots];
    if (other->address == 0) return Allocate(other);
    if (other->family == Family::kMalloc) return Reallocate(*other, other);
  }
  Fail("oracle: all slots hold blocks of operator new\n");
}

}  // namespace heapline::oracle
