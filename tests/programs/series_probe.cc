// series_probe.cc: rounds of work whose memory behaves in a way that is known
// by line, and a snapshot after each. The argument says how many rounds.
//
// Lines that end in `// NAME` allocate: leak (a block a round, never freed),
// traffic (up to a hundred blocks, gone with the next round), lru (a cache that
// is full after a while and then replaces), table (built once, in the middle),
// vector (one block that grows).
#include <heapline/heapline.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

namespace {

uint64_t state = 88172645463325252u;

uint64_t Random(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

void* Written(void* block, std::size_t bytes) {
  if (block == nullptr) std::abort();
  return std::memset(block, 1, bytes);
}

std::vector<void*> leaked;
std::vector<void*> traffic;
std::deque<void*> cache;
std::vector<void*> table;
void* vector_block;

// What comes and goes, and the leak under it.
__attribute__((noinline)) void Serve() {
  for (void* const block : traffic) std::free(block);
  traffic.clear();
  const uint64_t count = Random(100);
  for (uint64_t i = 0; i < count; ++i) {
    traffic.push_back(Written(std::malloc(200), 200));  // traffic
  }
  leaked.push_back(Written(std::malloc(200), 200));  // leak
}

__attribute__((noinline)) void FillCache() {
  for (int i = 0; i < 5; ++i) {
    if (cache.size() == 100) {
      std::free(cache.front());
      cache.pop_front();
    }
    cache.push_back(Written(std::malloc(100), 100));  // lru
  }
}

__attribute__((noinline)) void BuildTable() {
  for (int i = 0; i < 500; ++i) {
    table.push_back(Written(std::malloc(64), 64));  // table
  }
}

__attribute__((noinline)) void GrowVector(std::size_t bytes) {
  std::free(vector_block);
  vector_block = Written(std::malloc(bytes), bytes);  // vector
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 40;
  leaked.reserve(static_cast<std::size_t>(rounds));
  traffic.reserve(100);
  table.reserve(500);
  for (int i = 0; i < rounds; ++i) {
    Serve();
    FillCache();
    if (i == rounds / 2) BuildTable();
    GrowVector(static_cast<std::size_t>(i + 1) * 1000);
    heapline_round();
    if (heapline_snapshot("round") != 0) return 1;
  }
  return 0;
}
