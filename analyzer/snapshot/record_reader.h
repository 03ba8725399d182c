// record_reader.h: takes the fields of a section's records one after the
// other from its decoded payload. Never reads behind the end: once something
// does not fit, the reader is exhausted and all later fields are empty.
//
// The payload must outlive the object. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_RECORD_READER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_RECORD_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {

class RecordReader {
 public:
  explicit RecordReader(absl::Span<const unsigned char> payload)
      : next_(payload.data()), end_(payload.data() + payload.size()) {}

  bool is_sound() const { return is_sound_; }
  bool is_at_end() const { return next_ == end_; }
  size_t bytes_left() const { return static_cast<size_t>(end_ - next_); }

  uint64_t Number() {
    if (next_ != end_ && *next_ < 0x80) return *next_++;  // most are one byte
    uint64_t value = 0;
    const unsigned char* const behind = GetVarint(next_, end_, &value);
    if (behind == nullptr) {
      Fail();
      return 0;
    }
    next_ = behind;
    return value;
  }

  int64_t Signed() { return ZigzagDecode(Number()); }

  // A text longer than `most_bytes` is unsound.
  std::string Text(uint64_t most_bytes) {
    const uint64_t length = Number();
    if (length > most_bytes || length > static_cast<uint64_t>(end_ - next_)) {
      Fail();
      return "";
    }
    std::string text(reinterpret_cast<const char*>(next_), length);
    next_ += length;
    return text;
  }

  // A Number that must be below 2^32.
  uint32_t Number32() {
    const uint64_t value = Number();
    if (value <= UINT32_MAX) return static_cast<uint32_t>(value);
    Fail();
    return 0;
  }

 private:
  void Fail() {
    next_ = end_;
    is_sound_ = false;
  }

  const unsigned char* next_;
  const unsigned char* end_;
  bool is_sound_ = true;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_RECORD_READER_H_
