// account_probe.cc: a heap of which half is free between live objects: 64 MiB
// in objects of 1 KiB, every second one deleted. Also a second thread's stack
// and a mapping of the program's own, both touched. Tells how many bytes live,
// and from the allocator itself what it holds beside them.
#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "heapline/heapline.h"

namespace {

constexpr size_t kObjects = 1 << 16;
constexpr size_t kMappedBytes = 8 << 20;
constexpr size_t kStackBytes = 256 << 10;

struct Record {
  unsigned char content[1024];
};

void Wait(std::promise<unsigned char>* began, std::future<void> end) {
  unsigned char stack[kStackBytes];
  std::memset(stack, 1, sizeof stack);
  asm volatile("" : : "r"(stack) : "memory");
  began->set_value(stack[kStackBytes / 2]);
  end.wait();
}

}  // namespace

int main() {
  std::vector<std::unique_ptr<Record>> records(kObjects);
  for (auto& record : records) {
    record = std::make_unique<Record>();
    std::memset(record->content, 1, sizeof record->content);
  }
  for (size_t i = 0; i < kObjects; i += 2) records[i].reset();
  const uint64_t live_bytes =
      kObjects / 2 * sizeof(Record) + records.capacity() * sizeof(void*);

  void* const mapped = mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return 1;
  std::memset(mapped, 1, kMappedBytes);

  std::promise<unsigned char> began;
  std::promise<void> end;
  std::thread thread(Wait, &began, end.get_future());
  const bool has_begun = began.get_future().get() == 1;
  if (!has_begun || heapline_snapshot("fragmented") != 0) return 1;
  const struct mallinfo2 info = mallinfo2();
  std::printf(
      "%llu %llu\n", static_cast<unsigned long long>(live_bytes),
      static_cast<unsigned long long>(info.arena + info.hblkhd - live_bytes));
  end.set_value();
  thread.join();
  return 0;
}
