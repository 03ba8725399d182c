// text.h: characters and bytes.
//
//   Str, 41 + n                            Bytes, 33 + n
//   +16 length n, in bytes of UTF-8        +16 length n
//   +24 hash, 0: not yet known             +24 hash, 0: not yet known
//   +32 whether it is interned             +32 the bytes, then '\0'
//   +40 the text, then '\0'
//
// CPython's str of ASCII takes 49 + n in 3.11, for a pointer of old that went
// with 3.12: 41 + n there as here.
//
// Invariant: a Str never changes. A Bytes may be written to through data() by
// whoever plays a bytearray with it.
#ifndef SAMPLES_RUNTIME_TEXT_H_
#define SAMPLES_RUNTIME_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "samples/runtime/object.h"

namespace runtime {

// Of any text, as Str::Hash; never 0.
uint64_t HashText(std::string_view text);

// Interned: in the table of interning.h, which looks equal texts up there.
enum class InternState : uint64_t { kNot, kMortal, kForever };

class Str final : public Object {
 public:
  static Ref<Str> Make(std::string_view text);
  // The text `times` times: " " * 10_000.
  static Ref<Str> Repeat(std::string_view text, size_t times);
  // A new Str of both: what `a + b` copies.
  static Ref<Str> Concat(const Str& first, const Str& second);

  std::string_view view() const {
    return {reinterpret_cast<const char*>(this + 1), length_};
  }
  size_t length() const { return length_; }
  InternState intern_state() const { return intern_state_; }

  const char* TypeName() const override { return "str"; }
  size_t BlockBytes() const override { return sizeof(*this) + length_ + 1; }
  uint64_t Hash() const override;
  bool Equals(const Object& other) const override;

 private:
  friend class Runtime;
  friend class Interning;
  explicit Str(size_t length);  // its text is still to be written
  ~Str() override;              // leaves the table of interned ones
  char* data() { return reinterpret_cast<char*>(this + 1); }

  size_t length_;
  mutable uint64_t hash_ = 0;
  InternState intern_state_ = InternState::kNot;
};

class Bytes final : public Object {
 public:
  static Ref<Bytes> Make(std::string_view bytes);
  static Ref<Bytes> Zeroed(size_t length);  // bytearray(n)

  std::string_view view() const {
    return {reinterpret_cast<const char*>(this + 1), length_};
  }
  char* data() {
    hash_ = 0;
    return reinterpret_cast<char*>(this + 1);
  }
  size_t length() const { return length_; }

  const char* TypeName() const override { return "bytes"; }
  size_t BlockBytes() const override { return sizeof(*this) + length_ + 1; }
  uint64_t Hash() const override;
  bool Equals(const Object& other) const override;

 private:
  friend class Runtime;
  explicit Bytes(size_t length);  // of '\0's

  size_t length_;
  mutable uint64_t hash_ = 0;
};

static_assert(sizeof(Str) == 40);
static_assert(sizeof(Bytes) == 32);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_TEXT_H_
