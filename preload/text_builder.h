// text_builder.h: a text (a path, a name) put together in the caller's memory,
// bytes as they are, always NUL-terminated. What does not fit makes fits()
// false for good. No allocation; async-signal-safe; one owner.
#ifndef HEAPLINE_PRELOAD_TEXT_BUILDER_H_
#define HEAPLINE_PRELOAD_TEXT_BUILDER_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

class TextBuilder {
 public:
  // REQUIRES: capacity > 0; `out` outlives the builder.
  TextBuilder(char* out, size_t capacity) : out_(out), capacity_(capacity) {
    out_[0] = '\0';
  }

  TextBuilder& Byte(char byte) {
    if (used_ + 1 >= capacity_) {
      fits_ = false;
    } else {
      out_[used_++] = byte;
      out_[used_] = '\0';
    }
    return *this;
  }
  TextBuilder& Text(const char* text) {
    while (*text != '\0') Byte(*text++);
    return *this;
  }
  TextBuilder& Number(uint64_t value) {
    char digits[20];
    size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    while (count > 0) Byte(digits[--count]);
    return *this;
  }
  TextBuilder& Hex(uint64_t value) {  // 16 digits
    for (int shift = 60; shift >= 0; shift -= 4) {
      Byte("0123456789abcdef"[value >> shift & 15]);
    }
    return *this;
  }

  bool fits() const { return fits_; }
  size_t size() const { return used_; }
  const char* c_str() const { return out_; }
  void CutTo(size_t size) {
    if (size < used_) {
      used_ = size;
      out_[used_] = '\0';
    }
  }

 private:
  char* out_;
  size_t capacity_;
  size_t used_ = 0;
  bool fits_ = true;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_TEXT_BUILDER_H_
