#include "preload/memory_limits.h"

#include <sys/resource.h>

#include "preload/descriptor_window.h"
#include "preload/message.h"
#include "preload/pages.h"
#include "preload/proc_files.h"
#include "preload/sys.h"

namespace heapline {
namespace {

constexpr size_t kMaxPath = 4096;
constexpr size_t kMaxText = 4096;
// Not on the stack, which may be a small one; held by `reading`.
char path[kMaxPath];
char group[kMaxPath];
char text[kMaxText];
uint32_t reading;

bool ReadText(const char* name) {
  return ReadFileStart(name, text, kMaxText) > 0;
}

// The number at `at`; false when there is none ("max").
bool NumberAt(const char* at, uint64_t* value) {
  while (*at == ' ' || *at == '\t') ++at;
  if (*at < '0' || *at > '9') return false;
  uint64_t number = 0;
  for (; *at >= '0' && *at <= '9'; ++at) {
    if (__builtin_mul_overflow(number, uint64_t{10}, &number) ||
        __builtin_add_overflow(number, static_cast<uint64_t>(*at - '0'),
                               &number)) {
      return false;
    }
  }
  *value = number;
  return true;
}

const char* NextLine(const char* at) {
  while (*at != '\0' && *at != '\n') ++at;
  return *at == '\n' ? at + 1 : at;
}

// The number after `key` at the start of a line of `text`.
bool NumberOfKey(const char* key, uint64_t* value) {
  for (const char* line = text; *line != '\0'; line = NextLine(line)) {
    if (StartsWith(line, key)) return NumberAt(line + Length(key), value);
  }
  return false;
}

bool ReadNumber(const char* directory, const char* tail, const char* name,
                uint64_t* value) {
  size_t used = CopyText(path, kMaxPath, directory);
  used += CopyText(path + used, kMaxPath - used, tail);
  CopyText(path + used, kMaxPath - used, name);
  return ReadText(path) && NumberAt(text, value);
}

void Consider(uint64_t limit, uint64_t used, MemoryLimit* nearest) {
  if (limit == 0) return;
  if (nearest->limit_bytes != 0) {
    const double now = static_cast<double>(nearest->used_bytes) /
                       static_cast<double>(nearest->limit_bytes);
    if (static_cast<double>(used) / static_cast<double>(limit) <= now) return;
  }
  *nearest = {limit, used};
}

// One hierarchy: where it is mounted and what its files are called.
struct Hierarchy {
  const char* mount;
  const char* limit;
  const char* current;
  const char* stat_key;  // droppable page cache, in memory.stat
};

// `group` and every ancestor of it: any of them may be the tightest.
void ConsiderGroups(const Hierarchy& hierarchy, MemoryLimit* nearest) {
  for (;;) {
    size_t length = Length(group);
    while (length > 0 && group[length - 1] == '/') group[--length] = '\0';
    uint64_t limit;
    uint64_t current;
    if (ReadNumber(hierarchy.mount, group, hierarchy.limit, &limit) &&
        limit < uint64_t{1} << 62 &&
        ReadNumber(hierarchy.mount, group, hierarchy.current, &current)) {
      uint64_t droppable = 0;
      size_t used = CopyText(path, kMaxPath, hierarchy.mount);
      used += CopyText(path + used, kMaxPath - used, group);
      CopyText(path + used, kMaxPath - used, "/memory.stat");
      if (!ReadText(path) || !NumberOfKey(hierarchy.stat_key, &droppable)) {
        droppable = 0;
      }
      Consider(limit, current > droppable ? current - droppable : 0, nearest);
    }
    if (length == 0) return;
    while (length > 0 && group[length - 1] != '/') group[--length] = '\0';
  }
}

// Copies the path of the /proc/self/cgroup line that `wanted` matches.
template <typename Wanted>
bool FindGroup(Wanted wanted) {
  if (!ReadText("/proc/self/cgroup")) return false;
  for (const char* line = text; *line != '\0'; line = NextLine(line)) {
    const char* controllers = line;
    while (*controllers != ':' && *controllers != '\n' &&
           *controllers != '\0') {
      ++controllers;
    }
    if (*controllers != ':') continue;
    ++controllers;
    const char* name = controllers;
    while (*name != ':' && *name != '\n' && *name != '\0') ++name;
    if (*name != ':') continue;
    if (!wanted(controllers, static_cast<size_t>(name - controllers))) {
      continue;
    }
    ++name;
    size_t used = 0;
    while (name[used] != '\n' && name[used] != '\0' && used + 1 < kMaxPath) {
      group[used] = name[used];
      ++used;
    }
    group[used] = '\0';
    return true;
  }
  return false;
}

void ConsiderCgroups(MemoryLimit* nearest) {
  if (FindGroup([](const char*, size_t count) { return count == 0; })) {
    ConsiderGroups(
        {"/sys/fs/cgroup", "/memory.max", "/memory.current", "inactive_file "},
        nearest);
  }
  if (FindGroup([](const char* controllers, size_t count) {
        return count == 6 && StartsWith(controllers, "memory");
      })) {
    ConsiderGroups({"/sys/fs/cgroup/memory", "/memory.limit_in_bytes",
                    "/memory.usage_in_bytes", "total_inactive_file "},
                   nearest);
  }
}

// RLIMIT_AS against the whole size, RLIMIT_DATA against data (statm's fields
// 1 and 6, in pages).
void ConsiderResourceLimits(MemoryLimit* nearest) {
  if (!ReadText("/proc/self/statm")) return;
  uint64_t pages[6] = {};
  const char* at = text;
  for (uint64_t& field : pages) {
    if (!NumberAt(at, &field)) return;
    while (*at == ' ') ++at;
    while (*at != ' ' && *at != '\0') ++at;
  }
  const struct {
    int resource;
    uint64_t used_bytes;
  } rows[] = {{RLIMIT_AS, pages[0] * kPageBytes},
              {RLIMIT_DATA, pages[5] * kPageBytes}};
  for (const auto& row : rows) {
    uint64_t limits[2];
    if (sys::Call(SYS_prlimit64, 0, row.resource, 0, sys::Arg(limits)) != 0 ||
        limits[0] == ~uint64_t{0}) {
      continue;
    }
    Consider(limits[0], row.used_bytes, nearest);
  }
}

}  // namespace

bool FindNearestMemoryLimit(MemoryLimit* nearest) {
  if (__atomic_exchange_n(&reading, 1, __ATOMIC_ACQUIRE) != 0) return false;
  *nearest = {0, 0};
  {
    const DescriptorWindow window;
    ConsiderCgroups(nearest);
    ConsiderResourceLimits(nearest);
  }
  __atomic_store_n(&reading, 0, __ATOMIC_RELEASE);
  return nearest->limit_bytes != 0;
}

void ForgetMemoryLimitReader() {
  __atomic_store_n(&reading, 0, __ATOMIC_RELAXED);
}

}  // namespace heapline
