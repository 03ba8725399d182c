#include "preload/kept_files.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "preload/message.h"
#include "preload/pages.h"
#include "preload/sys.h"

namespace heapline {
namespace {

// One file; the path follows the struct. Taken from chunks of pages in order
// of age, so that the oldest chunk can be given back when it is used up.
struct KeptFile {
  uint64_t device;
  uint64_t inode;
  uint32_t entry_bytes;
  char path[];
};

struct Chunk {
  Chunk* newer;
  uint32_t used_bytes;   // entries end here
  uint32_t taken_bytes;  // entries before are deleted files
};
constexpr size_t kChunkBytes = 64 << 10;

Chunk* oldest;
Chunk* newest;
size_t kept_count;
KeptFile* peak_file;  // its own page, reused
uint32_t working;

KeptFile* EntryAt(Chunk* chunk, uint32_t offset) {
  return reinterpret_cast<KeptFile*>(reinterpret_cast<char*>(chunk + 1) +
                                     offset);
}

constexpr size_t kChunkRoom = kChunkBytes - sizeof(Chunk);

bool Identify(const char* path, uint64_t* device, uint64_t* inode) {
  struct stat facts;
  if (sys::Call(SYS_newfstatat, AT_FDCWD, sys::Arg(path), sys::Arg(&facts),
                AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  *device = facts.st_dev;
  *inode = facts.st_ino;
  return true;
}

void Delete(const KeptFile& file) {
  uint64_t device;
  uint64_t inode;
  if (Identify(file.path, &device, &inode) && device == file.device &&
      inode == file.inode) {
    sys::Call(SYS_unlinkat, AT_FDCWD, sys::Arg(file.path), 0);
  }
}

// Fills the entry in; its room was checked.
void Fill(KeptFile* file, const char* path, uint32_t entry_bytes) {
  file->entry_bytes = entry_bytes;
  if (!Identify(path, &file->device, &file->inode)) {
    file->device = 0;
    file->inode = 0;  // gone already; nothing will be deleted
  }
  CopyText(file->path, entry_bytes - sizeof(KeptFile), path);
}

bool AddEntry(const char* path) {
  const size_t bytes = (sizeof(KeptFile) + Length(path) + 1 + 7) & ~size_t{7};
  if (bytes > kChunkRoom) return false;
  if (newest == nullptr || newest->used_bytes + bytes > kChunkRoom) {
    Chunk* chunk =
        static_cast<Chunk*>(MapPages(kChunkBytes, PageUse::kEssential));
    if (chunk == nullptr) return false;
    if (newest != nullptr) newest->newer = chunk;
    if (oldest == nullptr) oldest = chunk;
    newest = chunk;
  }
  Fill(EntryAt(newest, newest->used_bytes), path, static_cast<uint32_t>(bytes));
  newest->used_bytes += static_cast<uint32_t>(bytes);
  ++kept_count;
  return true;
}

void DeleteOldest() {
  Chunk* chunk = oldest;
  const KeptFile* file = EntryAt(chunk, chunk->taken_bytes);
  Delete(*file);
  chunk->taken_bytes += file->entry_bytes;
  --kept_count;
  if (chunk->taken_bytes < chunk->used_bytes) return;
  if (chunk == newest) {
    chunk->used_bytes = chunk->taken_bytes = 0;
  } else {
    oldest = chunk->newer;
    UnmapPages(chunk, kChunkBytes);
  }
}

class Turn {
 public:
  Turn() : is_mine_(__atomic_exchange_n(&working, 1, __ATOMIC_ACQUIRE) == 0) {}
  ~Turn() {
    if (is_mine_) __atomic_store_n(&working, 0, __ATOMIC_RELEASE);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool is_mine() const { return is_mine_; }

 private:
  const bool is_mine_;
};

}  // namespace

void KeepNewest(const char* path, size_t keep) {
  if (keep == 0) return;
  const Turn turn;
  if (!turn.is_mine() || !AddEntry(path)) return;
  while (kept_count > keep) DeleteOldest();
}

void KeepAsPeak(const char* path) {
  const Turn turn;
  constexpr size_t kPeakBytes = 2 * kPageBytes;
  if (!turn.is_mine() || Length(path) + 1 > kPeakBytes - sizeof(KeptFile)) {
    return;
  }
  if (peak_file == nullptr) {
    peak_file =
        static_cast<KeptFile*>(MapPages(kPeakBytes, PageUse::kEssential));
    if (peak_file == nullptr) return;
  } else {
    Delete(*peak_file);
  }
  Fill(peak_file, path, kPeakBytes);
}

void ForgetKeptFiles() {
  while (oldest != nullptr) {
    Chunk* newer = oldest->newer;
    UnmapPages(oldest, kChunkBytes);
    oldest = newer;
  }
  newest = nullptr;
  kept_count = 0;
  if (peak_file != nullptr) UnmapPages(peak_file, 2 * kPageBytes);
  peak_file = nullptr;
  __atomic_store_n(&working, 0, __ATOMIC_RELAXED);
}

}  // namespace heapline
