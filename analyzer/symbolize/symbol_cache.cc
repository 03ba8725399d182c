#include "analyzer/symbolize/symbol_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analyzer/symbolize/elf_module.h"
#include "analyzer/symbolize/symbol_cache_file.h"

namespace heapline {
namespace {

constexpr absl::string_view kSuffix = ".symbols";
constexpr absl::string_view kTemporarySuffix = ".new";
constexpr size_t kMinCachedBuildIdBytes = 8;  // shorter ones are set by hand
constexpr time_t kStaleSeconds = 3600;        // a writer that died long ago

std::string DefaultDirectory() {
  const char* cache_home = getenv("XDG_CACHE_HOME");
  // The specification says to ignore relative paths.
  if (cache_home != nullptr && cache_home[0] == '/')
    return absl::StrCat(cache_home, "/heapline");
  const char* home = getenv("HOME");
  if (home != nullptr && home[0] == '/')
    return absl::StrCat(home, "/.cache/heapline");
  return "";
}

bool MakeDirectories(const std::string& directory) {
  std::string path;
  for (absl::string_view part :
       absl::StrSplit(directory, '/', absl::SkipEmpty())) {
    if (!path.empty() || absl::StartsWith(directory, "/")) path += '/';
    absl::StrAppend(&path, part);
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return false;
  }
  return !path.empty();
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

// Written by this user and by nobody else.
bool IsOurs(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool ReadWhole(const std::string& path, std::string* bytes) {
  const Descriptor file(open(
      path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY));
  struct stat status;
  if (file.number() < 0 || fstat(file.number(), &status) != 0 ||
      !IsOurs(status) ||
      static_cast<uint64_t>(status.st_size) > SymbolCache::kMaxFileBytes) {
    return false;
  }
  bytes->resize(static_cast<size_t>(status.st_size));
  size_t done = 0;
  while (done < bytes->size()) {
    const ssize_t count =
        read(file.number(), &(*bytes)[done], bytes->size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  futimens(file.number(), nullptr);  // used just now: the last to be removed
  return true;
}

bool WriteWhole(int descriptor, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

SymbolCache::SymbolCache(std::string directory, uint64_t max_directory_bytes)
    : directory_(directory.empty() ? DefaultDirectory() : std::move(directory)),
      max_directory_bytes_(max_directory_bytes) {}

std::string SymbolCache::PathOf(absl::string_view build_id) const {
  if (directory_.empty() || build_id.size() < kMinCachedBuildIdBytes ||
      build_id.size() > kMaxBuildIdBytes) {
    return "";
  }
  return absl::StrCat(directory_, "/", BuildIdText(build_id), kSuffix);
}

bool SymbolCache::Load(absl::string_view build_id, StringPool* texts,
                       AnswerTable* answers) const {
  const std::string path = PathOf(build_id);
  std::string bytes;
  return !path.empty() && ReadWhole(path, &bytes) &&
         DecodeCacheFile(bytes, build_id, texts, answers);
}

void SymbolCache::Store(absl::string_view build_id,
                        const AnswerTable& answers) const {
  const std::string path = PathOf(build_id);
  if (path.empty() || !MakeDirectories(directory_)) return;
  const std::string bytes = EncodeCacheFile(build_id, answers);
  if (bytes.empty() || bytes.size() > kMaxFileBytes) return;
  uint64_t random = 0;
  if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
    random = static_cast<uint64_t>(getpid());
  const std::string temporary =
      absl::StrCat(path, ".", absl::Hex(random), kTemporarySuffix);
  {
    const Descriptor file(
        open(temporary.c_str(),
             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.number() < 0) return;
    if (!WriteWhole(file.number(), bytes)) {
      unlink(temporary.c_str());
      return;
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    unlink(temporary.c_str());
    return;
  }
  RemoveOldest();
}

void SymbolCache::RemoveOldest() const {
  struct CacheFile {
    int64_t used_seconds;
    int64_t used_nanoseconds;
    std::string path;
    uint64_t bytes;
  };
  std::vector<CacheFile> files;
  uint64_t total_bytes = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(directory_.c_str()),
                                                    closedir);
  if (listing == nullptr) return;
  while (const dirent* entry = readdir(listing.get())) {
    const absl::string_view name = entry->d_name;
    const bool is_temporary = absl::EndsWith(name, kTemporarySuffix);
    if (!absl::EndsWith(name, kSuffix) && !is_temporary) continue;
    const std::string path = absl::StrCat(directory_, "/", name);
    struct stat status;
    if (lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (is_temporary) {
      if (status.st_mtim.tv_sec + kStaleSeconds < time(nullptr))
        unlink(path.c_str());
      continue;
    }
    const auto bytes = static_cast<uint64_t>(status.st_size);
    total_bytes += bytes;
    files.push_back(
        {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, path, bytes});
  }
  std::sort(files.begin(), files.end(),
            [](const CacheFile& a, const CacheFile& b) {
              return std::tie(a.used_seconds, a.used_nanoseconds, a.path) <
                     std::tie(b.used_seconds, b.used_nanoseconds, b.path);
            });
  for (const CacheFile& file : files) {
    if (total_bytes <= max_directory_bytes_) break;
    if (unlink(file.path.c_str()) == 0) total_bytes -= file.bytes;
  }
}

}  // namespace heapline
