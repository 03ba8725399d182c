// cache_server_probe.cc: a server whose cache grows, and its own count of what
// the cache holds: of each byte that the map's allocator hands out, and of the
// texts. Cuts a snapshot after each of two loads and prints after each
//
//   cached BYTES BLOCKS
#include <heapline/heapline.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <utility>

namespace server {
namespace {

uint64_t cached_bytes = 0;
uint64_t cached_blocks = 0;

template <typename T>
struct Counting {
  using value_type = T;
  Counting() = default;
  template <typename U>
  Counting(const Counting<U>&) {}  // NOLINT: as std's

  T* allocate(size_t count) {
    cached_bytes += count * sizeof(T);
    ++cached_blocks;
    return static_cast<T*>(std::malloc(count * sizeof(T)));
  }
  void deallocate(T* memory, size_t count) {
    cached_bytes -= count * sizeof(T);
    --cached_blocks;
    std::free(memory);
  }
  template <typename U>
  bool operator==(const Counting<U>&) const {
    return true;
  }
  template <typename U>
  bool operator!=(const Counting<U>&) const {
    return false;
  }
};

using Text = std::basic_string<char, std::char_traits<char>, Counting<char>>;
using Map = std::unordered_map<uint64_t, Text, std::hash<uint64_t>,
                               std::equal_to<uint64_t>,
                               Counting<std::pair<const uint64_t, Text>>>;

}  // namespace

Map sessions;

}  // namespace server

// What a request leaves behind.
__attribute__((noinline)) static void Serve(uint64_t user) {
  server::sessions.emplace(user, server::Text(100 + user % 50, 'x'));
}

static void Cut(const char* label) {
  if (heapline_snapshot(label) != 0) std::exit(1);
  std::printf("cached %" PRIu64 " %" PRIu64 "\n", server::cached_bytes,
              server::cached_blocks);
}

int main() {
  for (uint64_t user = 0; user < 1000; ++user) Serve(user * 7919);
  Cut("warm");
  for (uint64_t user = 1000; user < 20000; ++user) Serve(user * 7919);
  Cut("loaded");
  return 0;
}
