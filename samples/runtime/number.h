// number.h: numbers, which never change.
//
//   Int, 24 + 4 a digit of 30 bits         Float, 24
//   +16 digits in use, < 0: negative       +16 value
//   +24 digit 0, digit 1 …  (0 takes one)
//
// Invariant: an Int's highest digit is not 0, but for 0 itself.
#ifndef SAMPLES_RUNTIME_NUMBER_H_
#define SAMPLES_RUNTIME_NUMBER_H_

#include <cstddef>
#include <cstdint>

#include "samples/runtime/object.h"

namespace runtime {

class Int final : public Object {
 public:
  // The shared one for kLeastSmallInt to kGreatestSmallInt (interning.h), else
  // a new one.
  static Ref<Int> Make(int64_t value);
  // A new one whatever the value: what its count would be without sharing.
  static Ref<Int> MakeUnshared(int64_t value);

  int64_t value() const;

  const char* TypeName() const override { return "int"; }
  size_t BlockBytes() const override;
  uint64_t Hash() const override;
  bool Equals(const Object& other) const override;  // 1 == 1.0

 private:
  friend class Runtime;
  explicit Int(int64_t value);
  size_t digit_count() const;  // in use
  uint32_t* digits() { return reinterpret_cast<uint32_t*>(this + 1); }
  const uint32_t* digits() const {
    return reinterpret_cast<const uint32_t*>(this + 1);
  }

  int64_t signed_digits_;
};

class Float final : public Object {
 public:
  static Ref<Float> Make(double value);

  double value() const { return value_; }

  const char* TypeName() const override { return "float"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  uint64_t Hash() const override;  // of a whole number: as the Int's
  bool Equals(const Object& other) const override;

 private:
  friend class Runtime;
  explicit Float(double value) : value_(value) {}

  double value_;
};

static_assert(sizeof(Int) == 24);
static_assert(sizeof(Float) == 24);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_NUMBER_H_
