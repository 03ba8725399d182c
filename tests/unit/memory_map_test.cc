// The list of mappings that a snapshot's child reads by.
#include "preload/memory_map.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/pages.h"

namespace heapline {
namespace {

constexpr size_t kBytes = 64 << 10;

void* MapAt(uintptr_t address, int flags) {
  return mmap(reinterpret_cast<void*>(address), kBytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

TEST(MemoryMapTest, TellsWhatTheProgramHasMapped) {
  MemoryMap map;
  void* memory = MapAt(0, 0);
  ASSERT_TRUE(map.Read());
  const MapEntry* entry = map.Find(reinterpret_cast<uintptr_t>(memory));
  ASSERT_NE(entry, nullptr);
  EXPECT_TRUE(entry->is_private_data());
  EXPECT_GE(entry->end - entry->start, kBytes);
  for (size_t i = 1; i < map.count(); ++i) {
    EXPECT_GE(map.at(i).start, map.at(i - 1).end);
  }
  EXPECT_NE(map.Find(reinterpret_cast<uintptr_t>(&map)), nullptr);
  munmap(memory, kBytes);
}

// In a child, as what is said there is said for good.
int ExitStatusOfChild(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

// 0, or which expectation failed.
int MapBesideOwnPages() {
  NoteChildsPages();
  const auto own =
      reinterpret_cast<uintptr_t>(MapPages(kBytes, PageUse::kEssential));
  // The kernel lists them as one, whoever has mapped what is there.
  MapAt(own - kBytes, MAP_FIXED_NOREPLACE);
  MapAt(own + kBytes, MAP_FIXED_NOREPLACE);
  MemoryMap map;
  if (!map.Read()) return 2;
  for (uintptr_t at = own; at < own + kBytes; at += kPageBytes) {
    if (map.Find(at) != nullptr) return 3;
  }
  const MapEntry* below = map.Find(own - 1);
  const MapEntry* above = map.Find(own + kBytes);
  if (below == nullptr && above == nullptr) return 1;
  if (below != nullptr && below->end != own) return 4;
  if (above != nullptr && above->start != own + kBytes) return 4;
  // What the list itself needed is not in it, and nothing else is missing.
  int lost = 0;
  for (size_t i = 0; i < map.count(); ++i) {
    if (map.at(i).is_private_data() &&
        msync(reinterpret_cast<void*>(map.at(i).start),
              map.at(i).end - map.at(i).start, MS_ASYNC) != 0) {
      ++lost;  // listed, and not mapped any more
    }
  }
  return lost == 0 ? 0 : 5;
}

TEST(MemoryMapTest, LeavesOutWhatTheChildMapsForItself) {
  EXPECT_EQ(ExitStatusOfChild(MapBesideOwnPages), 0);
}

}  // namespace
}  // namespace heapline
