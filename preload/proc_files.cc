#include "preload/proc_files.h"

#include <errno.h>
#include <fcntl.h>

#include "preload/message.h"
#include "preload/sys.h"
#include "preload/text_builder.h"

namespace heapline {
namespace {

// Bounds the calls made again after an interruption.
class Patience {
 public:
  bool WithResult(long result) {
    return result == -EINTR && ++interrupted_ < sys::kMostTries;
  }

 private:
  int interrupted_ = 0;
};

long ReadFully(int descriptor, char* out, size_t count) {
  size_t done = 0;
  Patience patience;
  while (done < count) {
    const long result = sys::Read(descriptor, out + done, count - done);
    if (patience.WithResult(result)) continue;
    if (result <= 0) {
      if (result < 0 && done == 0) return result;
      break;
    }
    done += static_cast<size_t>(result);
  }
  return static_cast<long>(done);
}

// The start of /proc/self/task/<tid>/<file>.
long ReadTaskFile(int32_t tid, const char* file, char* out, size_t capacity) {
  char path[64];
  TextBuilder text(path, sizeof path);
  text.Text("/proc/self/task/").Number(static_cast<uint64_t>(tid)).Byte('/');
  text.Text(file);
  return ReadFileStart(path, out, capacity);
}

bool TakeDigits(const char** text, unsigned base, uint64_t* value) {
  const char* at = *text;
  uint64_t result = 0;
  for (;; ++at) {
    unsigned digit;
    if (*at >= '0' && *at <= '9') {
      digit = static_cast<unsigned>(*at - '0');
    } else if (base == 16 && *at >= 'a' && *at <= 'f') {
      digit = static_cast<unsigned>(*at - 'a') + 10;
    } else {
      break;
    }
    result = result * base + digit;
  }
  if (at == *text) return false;
  if (*at == ' ') ++at;
  *text = at;
  *value = result;
  return true;
}

struct DirectoryEntry {  // as the kernel writes it
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

}  // namespace

long ReadFileStart(const char* path, char* out, size_t capacity) {
  out[0] = '\0';
  const long descriptor = sys::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (sys::Failed(descriptor)) return descriptor;
  const long count = ReadFully(static_cast<int>(descriptor), out, capacity - 1);
  sys::Close(static_cast<int>(descriptor));
  if (count >= 0) out[count] = '\0';
  return count;
}

bool TakeNumber(const char** text, uint64_t* value) {
  if ((*text)[0] == '0' && (*text)[1] == 'x') {
    const char* digits = *text + 2;
    if (!TakeDigits(&digits, 16, value)) return false;
    *text = digits;
    return true;
  }
  return TakeDigits(text, 10, value);
}

bool TakeHexNumber(const char** text, uint64_t* value) {
  return TakeDigits(text, 16, value);
}

bool ReadWaitingCall(int32_t tid, WaitingCall* call) {
  char line[256];
  if (ReadTaskFile(tid, "syscall", line, sizeof line) <= 0) return false;
  const char* at = line;
  if (!TakeNumber(&at, &call->number)) return false;  // "running", "-1 …"
  for (uint64_t& argument : call->arguments) {
    if (!TakeNumber(&at, &argument)) return false;
  }
  uint64_t sp;
  uint64_t pc;
  if (!TakeNumber(&at, &sp) || !TakeNumber(&at, &pc)) return false;
  call->sp = sp;
  call->pc = pc;
  return true;
}

uint64_t ReadRunTime(int32_t tid) {
  char line[96];
  uint64_t ran_ns;
  if (ReadTaskFile(tid, "schedstat", line, sizeof line) <= 0) return 0;
  const char* at = line;
  return TakeNumber(&at, &ran_ns) ? ran_ns : 0;
}

char ReadThreadState(int32_t tid) {
  char line[128];
  if (ReadTaskFile(tid, "stat", line, sizeof line) <= 0) return 0;
  // "tid (name) S …": the name may hold any byte, so look from its end.
  const char* after_name = nullptr;
  for (const char* at = line; *at != '\0'; ++at) {
    if (at[0] == ')' && at[1] == ' ') after_name = at + 2;
  }
  return after_name == nullptr ? '\0' : *after_name;
}

bool ReadSignalSets(const char* status_path, SignalSets* sets) {
  char buffer[128];
  LineReader status(status_path, buffer, sizeof buffer);
  while (const char* line = status.Next()) {
    const bool is_blocked_line = StartsWith(line, "SigBlk:\t");
    if (!is_blocked_line && !StartsWith(line, "SigPnd:\t")) continue;
    line += 8;
    uint64_t* const set = is_blocked_line ? &sets->blocked : &sets->pending;
    if (!TakeHexNumber(&line, set)) return false;
    if (is_blocked_line) return true;  // it comes after the other
  }
  return false;
}

bool SignalIsDue(int32_t tid, int signal) {
  char path[64];
  TextBuilder name(path, sizeof path);
  name.Text("/proc/self/task/").Number(static_cast<uint64_t>(tid));
  name.Text("/status");
  SignalSets sets = {};
  const uint64_t bit = uint64_t{1} << (signal - 1);
  return ReadSignalSets(path, &sets) &&
         (sets.pending & ~sets.blocked & bit) != 0;
}

void ReadThreadName(int32_t tid, char* out) {
  char line[32];
  out[0] = '\0';
  const long count = ReadTaskFile(tid, "comm", line, sizeof line);
  long used = 0;
  while (used < count && used < 15 && line[used] != '\n') {
    out[used] = line[used];
    ++used;
  }
  out[used] = '\0';
}

NumberedEntries::NumberedEntries(const char* directory)
    : descriptor_(static_cast<int>(sys::OpenAt(
          AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))),
      has_failed_(descriptor_ < 0) {}

NumberedEntries::~NumberedEntries() {
  if (descriptor_ >= 0) sys::Close(descriptor_);
}

bool NumberedEntries::Next(int32_t* number) {
  if (descriptor_ < 0) return false;
  for (;;) {
    if (at_ >= filled_) {
      Patience patience;
      do {
        filled_ = sys::Call(SYS_getdents64, descriptor_, sys::Arg(entries_),
                            sizeof entries_);
      } while (patience.WithResult(filled_));
      at_ = 0;
      if (filled_ < 0) has_failed_ = true;
      if (filled_ <= 0) return false;
    }
    const DirectoryEntry* entry =
        reinterpret_cast<const DirectoryEntry*>(entries_ + at_);
    at_ += entry->length;
    const char* name = entry->name;
    uint64_t value;
    if (TakeNumber(&name, &value) && *name == '\0') {
      *number = static_cast<int32_t>(value);
      return true;
    }
  }
}

void NumberedEntries::Rewind() {
  if (descriptor_ >= 0 && sys::Call(SYS_lseek, descriptor_, 0, 0) != 0) {
    has_failed_ = true;
  }
  filled_ = 0;
  at_ = 0;
}

LineReader::LineReader(const char* path, char* buffer, size_t capacity)
    : descriptor_(
          static_cast<int>(sys::OpenAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC))),
      buffer_(buffer),
      capacity_(capacity) {}

LineReader::~LineReader() {
  if (descriptor_ >= 0) sys::Close(descriptor_);
}

bool LineReader::Refill() {
  if (start_ > 0) {
    for (size_t i = start_; i < end_; ++i) buffer_[i - start_] = buffer_[i];
    end_ -= start_;
    start_ = 0;
  }
  const long count =
      ReadFully(descriptor_, buffer_ + end_, capacity_ - 1 - end_);
  if (count <= 0) return false;
  end_ += static_cast<size_t>(count);
  return true;
}

char* LineReader::Next() {
  if (descriptor_ < 0) return nullptr;
  size_t at = start_;
  for (;;) {
    for (; at < end_; ++at) {
      if (buffer_[at] != '\n') continue;
      buffer_[at] = '\0';
      char* line = buffer_ + start_;
      start_ = at + 1;
      if (!skip_rest_) return line;
      skip_rest_ = false;
    }
    if (end_ - start_ == capacity_ - 1) {  // a line that fills the buffer
      buffer_[end_] = '\0';
      char* line = buffer_ + start_;
      start_ = end_;
      if (!skip_rest_) {
        skip_rest_ = true;
        return line;
      }
    }
    const size_t kept = end_ - start_;
    if (!Refill()) break;
    at = kept;
  }
  if (start_ == end_ || skip_rest_) return nullptr;
  buffer_[end_] = '\0';
  char* line = buffer_ + start_;
  start_ = end_;
  return line;
}

}  // namespace heapline
