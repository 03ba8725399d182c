#include "preload/page_map.h"

#include <fcntl.h>

#include "preload/pages.h"
#include "preload/sys.h"

namespace heapline {
namespace {

// Bits of a page's word.
constexpr uint64_t kIsPresent = uint64_t{1} << 63;
constexpr uint64_t kIsSwapped = uint64_t{1} << 62;
constexpr uint64_t kIsFilePage = uint64_t{1} << 61;  // or shared memory
constexpr uint64_t kIsGuard = uint64_t{1} << 58;     // told since Linux 6.15

PageState StateOf(uint64_t word) {
  if ((word & kIsPresent) != 0) {
    return (word & kIsFilePage) != 0 ? PageState::kHole : PageState::kPresent;
  }
  const bool is_away = (word & (kIsSwapped | kIsGuard)) == kIsSwapped;
  return is_away ? PageState::kAway : PageState::kHole;
}

}  // namespace

PageMap::PageMap()
    : descriptor_(static_cast<int>(
          sys::OpenAt(AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC))),
      words_(static_cast<uint64_t*>(
          MapPages(kWords * sizeof(uint64_t), PageUse::kEssential))) {}

PageMap::~PageMap() {
  if (descriptor_ >= 0) sys::Close(descriptor_);
  if (words_ != nullptr) UnmapPages(words_, kWords * sizeof(uint64_t));
}

void PageMap::MarkTouched(const void* first, size_t pages,
                          uint64_t* bits) const {
  const uintptr_t page = reinterpret_cast<uintptr_t>(first) / kPageBytes;
  for (size_t done = 0; done < pages; done += kWords) {
    const size_t count = pages - done < kWords ? pages - done : kWords;
    const bool is_known = Read(page + done, count);
    for (size_t i = 0; i < count; ++i) {
      if (!is_known || (words_[i] & (kIsPresent | kIsSwapped)) != 0) {
        bits[(done + i) / 64] |= uint64_t{1} << ((done + i) % 64);
      }
    }
  }
}

PageState PageMap::StateAt(uintptr_t address, uintptr_t end) {
  const uintptr_t page = address / kPageBytes;
  if (page - first_ >= count_) {
    const size_t wanted = (end + kPageBytes - 1) / kPageBytes - page;
    first_ = page;
    count_ = wanted < kWords ? (wanted != 0 ? wanted : 1) : kWords;
    is_known_ = Read(first_, count_);
  }
  return is_known_ ? StateOf(words_[page - first_]) : PageState::kUnknown;
}

bool PageMap::Read(uintptr_t page, size_t count) const {
  if (descriptor_ < 0 || words_ == nullptr) return false;
  const size_t bytes = count * sizeof(uint64_t);
  return sys::Call(SYS_pread64, descriptor_, sys::Arg(words_), sys::Arg(bytes),
                   sys::Arg(page * sizeof(uint64_t))) ==
         static_cast<long>(bytes);
}

}  // namespace heapline
