#include "preload/thread_memory.h"

#include "preload/pages.h"
#include "preload/readable_words.h"

namespace heapline {
namespace {

// sizeof(struct pthread): 2304 in glibc 2.35 to 2.40, less before.
constexpr uintptr_t kDescriptorBytes = 2304;
constexpr uintptr_t kDescriptorAlignment = 64;
constexpr uintptr_t kMostTlsBytes = uintptr_t{16} << 20;
constexpr uintptr_t kMostModules = 4096;
// From the end of a stack's memory down to where a descriptor may stand.
constexpr uintptr_t kEndReach = 2 * kPageBytes;

// Where the thread pointer's own words are.
constexpr uintptr_t kTcbOffset = 0;
constexpr uintptr_t kDtvOffset = 8;
constexpr uintptr_t kSelfOffset = 16;

uintptr_t main_thread_pointer;

// `address` is a multiple of 16.
bool HasTcbAt(ReadableWords* words, uintptr_t address) {
  const uintptr_t self = address + kSelfOffset;
  return words->ContainPageOf(address + kTcbOffset) &&
         WordAt(address + kTcbOffset) == address &&
         words->ContainPageOf(self) && WordAt(self) == address;
}

// The lowest module's static TLS, by the thread's vector of them: entry 0
// counts generations, entry -1 tells how many follow.
uintptr_t StaticTlsStart(const MemoryMap& map, uintptr_t thread_pointer) {
  constexpr uintptr_t kEntryBytes = 16;
  uintptr_t lowest = thread_pointer;
  ReadableWords words(map);
  const uintptr_t vector = WordAt(thread_pointer + kDtvOffset);
  uintptr_t count;
  if (!words.TryRead(vector - kEntryBytes, &count)) return lowest;
  if (count > kMostModules) count = kMostModules;
  for (uintptr_t i = 1; i <= count; ++i) {
    uintptr_t block;
    if (!words.TryRead(vector + i * kEntryBytes, &block)) break;
    if (block < lowest && thread_pointer - block < kMostTlsBytes) {
      lowest = block;
    }
  }
  return lowest & ~uintptr_t{7};
}

// {start, bytes} of the stack's memory, as the descriptor keeps them: the one
// pair of words in it that describes memory around itself.
bool FindStackBounds(const MemoryMap& map, uintptr_t thread_pointer,
                     uintptr_t descriptor_end, Range* bounds) {
  constexpr uintptr_t kMostBytes = uintptr_t{1} << 40;
  constexpr uintptr_t kMostAbove = uintptr_t{64} << 10;
  constexpr uintptr_t kLeastBelow = 1024;
  ReadableWords words(map);
  for (uintptr_t at = thread_pointer + 24; at + 16 <= descriptor_end; at += 8) {
    uintptr_t start, bytes;
    if (!words.TryRead(at, &start) || !words.TryRead(at + 8, &bytes)) break;
    if (start < thread_pointer && thread_pointer - start >= kLeastBelow &&
        bytes < kMostBytes && start + bytes > thread_pointer &&
        start + bytes - thread_pointer <= kMostAbove) {
      *bounds = {start, start + bytes};
      return true;
    }
  }
  return false;
}

}  // namespace

void InitializeThreadMemory() {
  __asm__("mov %%fs:0, %0" : "=r"(main_thread_pointer));
}

uintptr_t MainThreadPointer() { return main_thread_pointer; }

bool IsThreadPointer(const MemoryMap& map, uintptr_t thread_pointer) {
  const MapEntry* mapping = map.Find(thread_pointer);
  ReadableWords words(map);
  return mapping != nullptr && mapping->is_private_data() &&
         thread_pointer % 16 == 0 && mapping->end - thread_pointer >= 64 &&
         HasTcbAt(&words, thread_pointer);
}

uintptr_t ThreadPointerAtEnd(const MemoryMap& map, const MapEntry& mapping) {
  if (mapping.kind != MappingKind::kAnonymous || !mapping.is_private_data() ||
      mapping.end - mapping.start < 2 * kPageBytes) {
    return 0;
  }
  ReadableWords words(map);
  const uintptr_t lowest = mapping.end - kEndReach;
  uintptr_t at = (mapping.end - kDescriptorBytes) & ~(kDescriptorAlignment - 1);
  for (; at >= lowest; at -= kDescriptorAlignment) {
    if (!words.ContainPageOf(at)) break;
    if (HasTcbAt(&words, at) && IsThreadPointer(map, at)) return at;
  }
  return 0;
}

ThreadMemory ThreadMemoryOf(const MemoryMap& map, const KnownBlocks& blocks,
                            uintptr_t thread_pointer) {
  const MapEntry mapping = map.FindOrEmpty(thread_pointer);
  uintptr_t end = WholePages(thread_pointer + kDescriptorBytes);
  if (end > mapping.end) end = mapping.end;
  uintptr_t start = mapping.start;
  Range bounds = {start, end};
  Extent block;
  if (thread_pointer == main_thread_pointer) {
    end = thread_pointer + kDescriptorBytes;
    if (end > mapping.end) end = mapping.end;
  } else if (FindStackBounds(map, thread_pointer, end, &bounds)) {
    if (bounds.end < end) end = bounds.end;
  } else if (blocks.Find(thread_pointer, &block)) {
    bounds = {block.start, block.start + block.bytes};
    if (bounds.end < end) end = bounds.end;
  }
  if (bounds.start > start) start = bounds.start;
  uintptr_t tls = StaticTlsStart(map, thread_pointer);
  if (tls < start) tls = start;
  ThreadMemory memory = {
      {start, tls}, {tls, thread_pointer}, {thread_pointer, end}};
  if (thread_pointer == main_thread_pointer) memory.stack = {start, start};
  return memory;
}

}  // namespace heapline
