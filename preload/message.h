// message.h: the few words the shim says, and text without libc. A message is
// one line on stderr, "heapline: …", written by one raw write(2) to fd 2; not
// at all where quiet=1, where fd 2 is closed or has become another file than
// it was at start, or where nobody takes it. Bounded, no allocation, no locale.
// Thread-safe; async-signal-safe.
#ifndef HEAPLINE_PRELOAD_MESSAGE_H_
#define HEAPLINE_PRELOAD_MESSAGE_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

// A line built in place; what does not fit is cut. Control bytes in appended
// text are shown as \xNN. Its room is one of a few static buffers, because
// hooks run on small stacks too; when all are in use a short one of its own.
class Line {
 public:
  Line();
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Line& Add(const char* text);
  Line& Add(const char* bytes, size_t count);
  Line& Number(uint64_t value);
  Line& Hex(uint64_t value);
  Line& Signed(int64_t value);
  // "1.5 MiB", "317 bytes".
  Line& ByteCount(uint64_t bytes);
  // The system's word for an error number: "No space left on device (28)".
  Line& Error(long error_number);
  const char* c_str();
  size_t size() const { return used_; }

 private:
  static constexpr int kOwnRoom = -1;

  char own_[64];
  char* text_;
  uint32_t capacity_;
  uint32_t used_ = 0;
  int buffer_;  // of the static ones, or kOwnRoom
};

// Writes one line for the user. kError is silenced by quiet=1, kVerbose is
// shown with verbose=1 only.
enum class Severity { kError, kVerbose };
void Say(Severity severity, Line& line);
void Say(Severity severity, const char* text);
// Remembers which file fd 2 is, once: at start, or at the first message.
void NoteStandardError();

// Text without libc. Lengths exclude the NUL.
size_t Length(const char* text);
bool Equal(const char* a, const char* b);
bool StartsWith(const char* text, const char* prefix);
// Copies at most capacity - 1 bytes and a NUL; returns the length copied.
size_t CopyText(char* out, size_t capacity, const char* text);
// Shell-like glob: * and ?, no classes; the whole text must match.
bool GlobMatches(const char* pattern, size_t pattern_length, const char* text);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_MESSAGE_H_
