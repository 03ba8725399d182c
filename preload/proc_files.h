// proc_files.h: the few things read from /proc: a thread's pending system call
// and state, the list of threads, and files line by line. Raw system calls;
// a descriptor is open only while one function (or one reader) runs.
// Async-signal-safe; no allocation: the caller gives all memory.
#ifndef HEAPLINE_PRELOAD_PROC_FILES_H_
#define HEAPLINE_PRELOAD_PROC_FILES_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

// The start of a file's bytes, NUL-terminated. Returns how many (less than
// capacity), or -errno.
long ReadFileStart(const char* path, char* out, size_t capacity);

// A number in decimal, or in hexadecimal after 0x. Moves *text past it and
// past one following blank. False: there is none.
bool TakeNumber(const char** text, uint64_t* value);
// The same in hexadecimal without a mark, as addresses stand in maps.
bool TakeHexNumber(const char** text, uint64_t* value);

// What /proc/self/task/<tid>/syscall says of a thread that waits in a system
// call.
struct WaitingCall {
  uint64_t number;
  uint64_t arguments[6];
  uintptr_t sp;
  uintptr_t pc;
};
// False: the thread runs, or waits outside of any call, or is gone.
bool ReadWaitingCall(int32_t tid, WaitingCall* call);

// How long a thread has had a processor, in ns; 0: none, or unknown.
uint64_t ReadRunTime(int32_t tid);

// The state letter of a thread ('R', 'S', 'D', 'Z', …), or 0: gone or unknown.
char ReadThreadState(int32_t tid);

// What a thread's status file says of its signals, a bit each.
struct SignalSets {
  uint64_t pending;  // for this very thread
  uint64_t blocked;
};
// False: the file does not tell. Takes little stack.
bool ReadSignalSets(const char* status_path, SignalSets* sets);

// Whether a signal waits for a thread that lets it in: the thread then meets
// the signal before it executes another instruction of its own.
bool SignalIsDue(int32_t tid, int signal);

// A thread's name without the newline, into out[16]. Empty when unknown.
void ReadThreadName(int32_t tid, char* out);

// The numbers among a directory's entries: /proc/self/task, /proc/self/fd.
class NumberedEntries {
 public:
  explicit NumberedEntries(const char* directory);
  ~NumberedEntries();
  NumberedEntries(const NumberedEntries&) = delete;
  NumberedEntries& operator=(const NumberedEntries&) = delete;
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  // False at the end, or where the list could not be read on.
  bool Next(int32_t* number);
  // Whether some entry may not have been told.
  bool failed() const { return has_failed_; }
  void Rewind();

 private:
  int descriptor_;
  bool has_failed_;
  long filled_ = 0;
  long at_ = 0;
  char entries_[1024] __attribute__((aligned(8)));
};

// Lines of a file, each NUL-terminated in the caller's buffer until the next
// call; a line longer than the buffer is cut.
class LineReader {
 public:
  LineReader(const char* path, char* buffer, size_t capacity);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  bool is_open() const { return descriptor_ >= 0; }
  // NULL at the end.
  char* Next();

 private:
  bool Refill();
  int descriptor_;
  char* buffer_;
  size_t capacity_;
  size_t start_ = 0;  // of what was not handed out yet
  size_t end_ = 0;
  bool skip_rest_ = false;  // of a cut line
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_PROC_FILES_H_
