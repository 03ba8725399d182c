#include "preload/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "preload/message.h"
#include "preload/sys.h"
#include "preload/text_builder.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

constexpr unsigned kRenameNoReplace = 1;

// The program's part of a file name is cut so that the rest always fits.
constexpr size_t kMaxProgramBytes = 120;

// NextFreeSequence's: too large for a signal stack, guarded by the lock.
char probed_path[kPathBytes];

bool IsPattern(const char* output) {
  for (; *output != '\0'; ++output) {
    if (*output == '%') return true;
  }
  return false;
}

void AddProgram(TextBuilder* name) {
  const char* program = process_facts.program;
  for (size_t i = 0; program[i] != '\0' && i < kMaxProgramBytes; ++i) {
    const unsigned char byte = static_cast<unsigned char>(program[i]);
    name->Byte(byte < 0x20 || byte == 0x7f ? '_' : program[i]);
  }
}

// A pattern without %n would name all snapshots alike: from the second on the
// number stands before the ending .hl, or at the end.
void AddMissingNumber(TextBuilder* path, uint64_t sequence) {
  const size_t size = path->size();
  const char* end = path->c_str() + size;
  const bool has_ending = size > 3 && Equal(end - 3, ".hl");
  if (has_ending) path->CutTo(size - 3);
  path->Byte('.').Number(sequence);
  if (has_ending) path->Text(".hl");
}

// The whole path of snapshot `sequence`. False: too long.
bool FormatPath(uint64_t sequence, TextBuilder* path) {
  const char* output = process_facts.output;
  if (!IsPattern(output)) {
    path->Text(output);
    if (path->size() > 0 && path->c_str()[path->size() - 1] != '/') {
      path->Byte('/');
    }
    AddProgram(path);
    path->Byte('.').Number(static_cast<uint64_t>(tracer.pid));
    path->Byte('.').Number(sequence).Text(".hl");
    return path->fits();
  }
  bool has_number = false;
  for (; *output != '\0'; ++output) {
    if (*output != '%') {
      path->Byte(*output);
      continue;
    }
    switch (*++output) {
      case 'e':
        AddProgram(path);
        break;
      case 'p':
        path->Number(static_cast<uint64_t>(tracer.pid));
        break;
      case 'n':
        has_number = true;
        path->Number(sequence);
        break;
      case '\0':
        path->Byte('%');
        --output;
        break;
      case '%':
        path->Byte('%');
        break;
      default:
        path->Byte('%').Byte(*output);
        break;
    }
  }
  if (!has_number && sequence > 0) AddMissingNumber(path, sequence);
  return path->fits();
}

// Where the last part of `path` begins; the rest before it is the directory.
size_t DirectoryLength(const char* path) {
  size_t length = 0;
  for (size_t i = 0; path[i] != '\0'; ++i) {
    if (path[i] == '/') length = i;
  }
  return length;
}

// mkdir -p, mode 0700. `path` is changed while it works and then restored.
void MakeDirectories(char* path) {
  for (char* at = path + 1;; ++at) {
    if (*at != '/' && *at != '\0') continue;
    const char rest = *at;
    *at = '\0';
    if (sys::Call(SYS_mkdirat, AT_FDCWD, sys::Arg(path), 0700) == 0) {
      // The program's umask may have taken bits away.
      sys::Call(SYS_fchmodat, AT_FDCWD, sys::Arg(path), 0700);
    }
    *at = rest;
    if (rest == '\0') return;
  }
}

uint64_t RandomNumber() {
  uint64_t value = 0;
  sys::Call(SYS_getrandom, sys::Arg(&value), sizeof value, 0);
  return value;
}

// One's own group may write to one's own directory (umask 002 makes such);
// nobody else to any that is not sticky.
bool IsUnsafeDirectory(const struct stat& facts) {
  if ((facts.st_mode & S_ISVTX) != 0) return false;
  if ((facts.st_mode & S_IWOTH) != 0) return true;
  return (facts.st_mode & S_IWGRP) != 0 &&
         facts.st_uid != static_cast<uid_t>(sys::Call(SYS_geteuid));
}

}  // namespace

uint64_t NextFreeSequence(uint64_t from) {
  for (uint64_t sequence = from;; ++sequence) {
    TextBuilder text(probed_path, sizeof probed_path);
    if (!FormatPath(sequence, &text)) return sequence;
    // Links count as taken: nothing is ever written through one.
    struct stat facts;
    if (sys::Call(SYS_newfstatat, AT_FDCWD, sys::Arg(probed_path),
                  sys::Arg(&facts), AT_SYMLINK_NOFOLLOW) != 0) {
      return sequence;
    }
  }
}

int OutputFile::Settle(long descriptor) const {
  if (descriptors_ == Descriptors::kOwn || descriptor < 0 || descriptor >= 3) {
    return static_cast<int>(descriptor);
  }
  const long moved = sys::Call(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, 3);
  sys::Close(static_cast<int>(descriptor));
  return static_cast<int>(moved);
}

long OutputFile::OpenDirectory(uint64_t sequence, const char** what) {
  TextBuilder text(path_, sizeof path_);
  if (!FormatPath(sequence, &text)) {
    *what = "name the file";
    return -ENAMETOOLONG;
  }
  text.CutTo(DirectoryLength(path_));
  if (text.size() == 0) text.Byte('/');
  *what = "open directory";
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  long result = sys::OpenAt(AT_FDCWD, path_, kFlags);
  if (sys::Failed(result)) {
    MakeDirectories(path_);
    result = sys::OpenAt(AT_FDCWD, path_, kFlags);
  }
  directory_ = Settle(result);
  if (directory_ < 0) return directory_;
  struct stat facts;
  result = sys::Call(SYS_newfstatat, directory_, sys::Arg(""), sys::Arg(&facts),
                     AT_EMPTY_PATH);
  if (sys::Failed(result)) return result;
  if (IsUnsafeDirectory(facts)) {
    *what = "trust a directory that others may write to:";
    return -EACCES;
  }
  return 0;
}

long OutputFile::Open(Descriptors descriptors, uint64_t sequence,
                      char* temporary_path, const char** what) {
  descriptors_ = descriptors;
  const long failed = OpenDirectory(sequence, what);
  if (failed != 0) {
    Close();
    return failed;
  }
  *what = "create a file in";
  constexpr int kTries = 8;
  long result = -EEXIST;
  for (int i = 0; i < kTries && result == -EEXIST; ++i) {
    TextBuilder text(temporary_, sizeof temporary_);
    text.Byte('.');
    AddProgram(&text);
    text.Byte('.').Number(static_cast<uint64_t>(tracer.pid)).Byte('.');
    text.Hex(RandomNumber()).Text(".tmp");
    TextBuilder whole(temporary_path, kPathBytes);
    whole.Text(path_).Byte('/').Text(temporary_);
    if (!whole.fits()) temporary_path[0] = '\0';
    result =
        sys::OpenAt(directory_, temporary_,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  }
  if (!sys::Failed(result)) {
    descriptor_ = Settle(result);
    if (descriptor_ >= 0) {
      // The program's umask may have taken bits away.
      sys::Call(SYS_fchmod, descriptor_, 0600);
      return 0;
    }
    result = descriptor_;
    sys::Call(SYS_unlinkat, directory_, sys::Arg(temporary_), 0);
  }
  Close();
  return result;
}

// Some file systems tell only at a close that what was written is lost. A
// second descriptor is closed for that: the first may be needed still.
long OutputFile::Flush() const {
  const long second = sys::Call(SYS_fcntl, descriptor_, F_DUPFD_CLOEXEC, 3);
  if (sys::Failed(second)) return 0;
  const long result = sys::Close(static_cast<int>(second));
  return result == -EINTR ? 0 : result;
}

long OutputFile::Publish(uint64_t sequence, const char** what) {
  *what = "write";
  const long flushed = Flush();
  if (flushed != 0) return flushed;
  *what = "rename into";
  TextBuilder text(path_, sizeof path_);
  if (!FormatPath(sequence, &text)) return -ENAMETOOLONG;
  const char* last = path_ + DirectoryLength(path_) + 1;
  if (CopyText(name_, sizeof name_, last) != Length(last)) return -ENAMETOOLONG;
  long result = sys::Call(SYS_renameat2, directory_, sys::Arg(temporary_),
                          directory_, sys::Arg(name_), kRenameNoReplace);
  if (result == -ENOSYS || result == -EINVAL || result == -EPERM) {
    // File systems that cannot: a second name, then the first one goes.
    result = sys::Call(SYS_linkat, directory_, sys::Arg(temporary_), directory_,
                       sys::Arg(name_), 0);
    if (result == 0) {
      sys::Call(SYS_unlinkat, directory_, sys::Arg(temporary_), 0);
    }
  }
  if (result == 0) Close();
  return result;
}

void OutputFile::Discard() {
  if (directory_ >= 0) {
    sys::Call(SYS_unlinkat, directory_, sys::Arg(temporary_), 0);
  }
  Close();
}

void OutputFile::Close() {
  if (descriptor_ >= 0) sys::Close(descriptor_);
  if (directory_ >= 0) sys::Close(directory_);
  descriptor_ = -1;
  directory_ = -1;
}

}  // namespace heapline
