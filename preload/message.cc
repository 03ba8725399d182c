#include "preload/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

struct ErrorWord {
  int number;
  const char* text;
};

constexpr ErrorWord kErrorWords[] = {
    {EPERM, "Operation not permitted"},
    {ENOENT, "No such file or directory"},
    {ESRCH, "No such process"},
    {EINTR, "Interrupted system call"},
    {EIO, "Input/output error"},
    {ENXIO, "No such device or address"},
    {EBADF, "Bad file descriptor"},
    {ECHILD, "No child processes"},
    {EAGAIN, "Resource temporarily unavailable"},
    {ENOMEM, "Cannot allocate memory"},
    {EACCES, "Permission denied"},
    {EFAULT, "Bad address"},
    {EBUSY, "Device or resource busy"},
    {EEXIST, "File exists"},
    {EXDEV, "Invalid cross-device link"},
    {ENODEV, "No such device"},
    {ENOTDIR, "Not a directory"},
    {EISDIR, "Is a directory"},
    {EINVAL, "Invalid argument"},
    {ENFILE, "Too many open files in system"},
    {EMFILE, "Too many open files"},
    {EFBIG, "File too large"},
    {ENOSPC, "No space left on device"},
    {ESPIPE, "Illegal seek"},
    {EROFS, "Read-only file system"},
    {EMLINK, "Too many links"},
    {EPIPE, "Broken pipe"},
    {ENAMETOOLONG, "File name too long"},
    {ENOSYS, "Function not implemented"},
    {ELOOP, "Too many levels of symbolic links"},
    {EOVERFLOW, "Value too large for defined data type"},
    {EOPNOTSUPP, "Operation not supported"},
    {ETIMEDOUT, "Connection timed out"},
    {ESTALE, "Stale file handle"},
    {EDQUOT, "Disk quota exceeded"},
    {ECANCELED, "Operation canceled"},
};

constexpr int kBuffers = 8;
constexpr uint32_t kBufferBytes = 1024;
char buffers[kBuffers][kBufferBytes];
uint32_t buffers_in_use;  // bit i: buffers[i]

// What descriptor 2 was when it was first looked at. A program may close it
// and get it again for a file of its own: nothing is written to that.
struct StandardError {
  uint32_t noted;  // 0: not yet; 1: open, as below; 2: closed
  uint64_t device;
  uint64_t inode;
};
StandardError standard_error;

// Not inlined, like the next one, so that their stack use does not add up.
__attribute__((noinline)) bool StandardErrorIsUnchanged() {
  if (__atomic_load_n(&standard_error.noted, __ATOMIC_ACQUIRE) != 1) {
    return false;
  }
  struct stat facts;
  if (sys::Call(SYS_fstat, 2, sys::Arg(&facts)) != 0) return false;
  return facts.st_dev == standard_error.device &&
         facts.st_ino == standard_error.inode;
}

// Leaves out of `parts` what was written.
void Advance(struct iovec* parts, size_t count, size_t written) {
  for (size_t i = 0; i < count; ++i) {
    const size_t taken =
        written < parts[i].iov_len ? written : parts[i].iov_len;
    parts[i].iov_base = static_cast<char*>(parts[i].iov_base) + taken;
    parts[i].iov_len -= taken;
    written -= taken;
  }
}

// 0, or -errno. Gives up where nobody takes it. Uses `parts` up.
long WriteAll(struct iovec* parts, size_t count) {
  constexpr int kTries = 16;  // a line of 1 KiB, halved each time, needs 11
  long error = 0;
  for (int i = 0; i < kTries; ++i) {
    // Not poll, which a limit of no descriptors refuses.
    uint64_t ready = uint64_t{1} << 2;
    struct timespec patience = {0, 200000000};
    error = sys::Call(SYS_pselect6, 3, 0, sys::Arg(&ready), 0,
                      sys::Arg(&patience), 0);
    if (error == -EINTR) continue;
    if (error != 1) return error;
    const long written =
        sys::Call(SYS_writev, 2, sys::Arg(parts), sys::Arg(count));
    error = written < 0 ? written : 0;
    if (error == -EINTR) continue;
    if (error != 0) return error;
    Advance(parts, count, static_cast<size_t>(written));
    size_t left = 0;
    for (size_t at = 0; at < count; ++at) left += parts[at].iov_len;
    if (left == 0) return 0;
  }
  return error;
}

// A write that can neither end the program (SIGPIPE, SIGXFSZ, SIGTTOU) nor
// wait for a reader that does not read.
__attribute__((noinline)) void WriteUnharmed(struct iovec* parts,
                                             size_t count) {
  constexpr uint64_t kOurs = uint64_t{1} << (SIGPIPE - 1) |
                             uint64_t{1} << (SIGXFSZ - 1) |
                             uint64_t{1} << (SIGTTOU - 1);
  uint64_t before = 0;
  if (sys::ChangeSignalMask(SIG_BLOCK, &kOurs, &before) != 0) return;
  uint64_t pending_before = 0;
  sys::Call(SYS_rt_sigpending, sys::Arg(&pending_before), 8);
  const long error = WriteAll(parts, count);
  if (error == -EPIPE || error == -EFBIG) {
    const uint64_t caused = kOurs & ~pending_before;
    const struct timespec at_once = {0, 0};
    sys::Call(SYS_rt_sigtimedwait, sys::Arg(&caused), 0, sys::Arg(&at_once), 8);
  }
  sys::ChangeSignalMask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

Line::Line() : text_(own_), capacity_(sizeof own_), buffer_(kOwnRoom) {
  for (int i = 0; i < kBuffers; ++i) {
    const uint32_t bit = 1u << i;
    if ((__atomic_fetch_or(&buffers_in_use, bit, __ATOMIC_ACQUIRE) & bit) !=
        0) {
      continue;
    }
    text_ = buffers[i];
    capacity_ = kBufferBytes;
    buffer_ = i;
    return;
  }
}

Line::~Line() {
  if (buffer_ == kOwnRoom) return;
  __atomic_fetch_and(&buffers_in_use, ~(1u << buffer_), __ATOMIC_RELEASE);
}

Line& Line::Add(const char* text) { return Add(text, Length(text)); }

Line& Line::Add(const char* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < count; ++i) {
    const unsigned char byte = static_cast<unsigned char>(bytes[i]);
    const bool is_control = byte < 0x20 || byte == 0x7f;
    if (used_ + (is_control ? 4 : 1) >= capacity_) break;
    if (is_control) {
      text_[used_++] = '\\';
      text_[used_++] = 'x';
      text_[used_++] = kDigits[byte >> 4];
      text_[used_++] = kDigits[byte & 15];
    } else {
      text_[used_++] = bytes[i];
    }
  }
  return *this;
}

Line& Line::Number(uint64_t value) {
  char digits[20];
  size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return Add(digits + first, sizeof digits - first);
}

Line& Line::Hex(uint64_t value) {
  char digits[16];
  size_t first = sizeof digits;
  do {
    digits[--first] = "0123456789abcdef"[value & 15];
    value >>= 4;
  } while (value != 0);
  return Add("0x").Add(digits + first, sizeof digits - first);
}

Line& Line::Signed(int64_t value) {
  if (value >= 0) return Number(static_cast<uint64_t>(value));
  return Add("-").Number(uint64_t{0} - static_cast<uint64_t>(value));
}

Line& Line::ByteCount(uint64_t bytes) {
  if (bytes < 1024) {
    return Number(bytes).Add(bytes == 1 ? " byte" : " bytes");
  }
  constexpr const char* kUnits[] = {" KiB", " MiB", " GiB",
                                    " TiB", " PiB", " EiB"};
  size_t unit = 0;
  int shift = 10;
  while (unit + 1 < sizeof kUnits / sizeof *kUnits && bytes >> shift >= 1024) {
    ++unit;
    shift += 10;
  }
  // One decimal, rounded down: never more than there is.
  const uint64_t whole = bytes >> shift;
  const uint64_t rest = bytes & ((uint64_t{1} << shift) - 1);
  const uint64_t tenth = (rest >> (shift - 10)) * 10 >> 10;
  return Number(whole).Add(".").Number(tenth).Add(kUnits[unit]);
}

Line& Line::Error(long error_number) {
  if (error_number < 0) error_number = -error_number;
  const char* text = "Unknown error";
  for (const ErrorWord& word : kErrorWords) {
    if (word.number == error_number) text = word.text;
  }
  return Add(text).Add(" (").Signed(error_number).Add(")");
}

const char* Line::c_str() {
  text_[used_] = '\0';
  return text_;
}

void NoteStandardError() {
  if (__atomic_load_n(&standard_error.noted, __ATOMIC_ACQUIRE) != 0) return;
  struct stat facts;
  const bool is_open = sys::Call(SYS_fstat, 2, sys::Arg(&facts)) == 0;
  if (is_open) {
    standard_error.device = facts.st_dev;
    standard_error.inode = facts.st_ino;
  }
  __atomic_store_n(&standard_error.noted, is_open ? 1u : 2u, __ATOMIC_RELEASE);
}

void Say(Severity severity, Line& line) {
  if (tracer.options.quiet || tracer.calls_restricted) return;
  if (severity == Severity::kVerbose && !tracer.options.verbose) return;
  NoteStandardError();  // here: its stack does not add up with the next one's
  if (!StandardErrorIsUnchanged()) return;
  constexpr char kPrefix[] = "heapline: ";
  struct iovec parts[] = {{const_cast<char*>(kPrefix), sizeof kPrefix - 1},
                          {const_cast<char*>(line.c_str()), line.size()},
                          {const_cast<char*>("\n"), 1}};
  WriteUnharmed(parts, sizeof parts / sizeof parts[0]);
}

void Say(Severity severity, const char* text) {
  Line line;
  line.Add(text);
  Say(severity, line);
}

size_t Length(const char* text) {
  size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

bool Equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

bool StartsWith(const char* text, const char* prefix) {
  while (*prefix != '\0') {
    if (*text++ != *prefix++) return false;
  }
  return true;
}

size_t CopyText(char* out, size_t capacity, const char* text) {
  if (capacity == 0) return 0;
  size_t used = 0;
  while (used + 1 < capacity && text[used] != '\0') {
    out[used] = text[used];
    ++used;
  }
  out[used] = '\0';
  return used;
}

bool GlobMatches(const char* pattern, size_t pattern_length, const char* text) {
  // After a mismatch only the last * needs to take one byte more.
  constexpr size_t kNone = ~size_t{0};
  size_t at = 0;
  size_t after_star = kNone;
  const char* star_text = nullptr;
  while (*text != '\0') {
    if (at < pattern_length && pattern[at] == '*') {
      after_star = ++at;
      star_text = text;
    } else if (at < pattern_length &&
               (pattern[at] == '?' || pattern[at] == *text)) {
      ++at;
      ++text;
    } else if (after_star != kNone) {
      at = after_star;
      text = ++star_text;
    } else {
      return false;
    }
  }
  while (at < pattern_length && pattern[at] == '*') ++at;
  return at == pattern_length;
}

}  // namespace heapline
