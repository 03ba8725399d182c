// number.cc
#include "samples/runtime/number.h"

#include <cmath>
#include <cstring>

#include "samples/runtime/cast.h"
#include "samples/runtime/interning.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

constexpr int kDigitBits = 30;
constexpr uint64_t kDigitMask = (uint64_t{1} << kDigitBits) - 1;

uint64_t Magnitude(int64_t value) {
  const uint64_t bits = static_cast<uint64_t>(value);
  return value < 0 ? 0 - bits : bits;
}

size_t DigitsOf(uint64_t magnitude) {
  size_t digits = 0;
  for (; magnitude != 0; magnitude >>= kDigitBits) ++digits;
  return digits;
}

// 0 has no digit in use, but room for one.
size_t DigitBytes(size_t digits) {
  return (digits == 0 ? 1 : digits) * sizeof(uint32_t);
}

// Whether it is a whole number that an int64 holds.
bool IsWhole(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  return value >= -kLimit && value < kLimit && std::floor(value) == value;
}

}  // namespace

Ref<Int> Int::Make(int64_t value) {
  if (Interning::IsSmall(value))
    return Runtime::Current().interning().SmallInt(value);
  return MakeUnshared(value);
}

Ref<Int> Int::MakeUnshared(int64_t value) {
  return Runtime::Current().New<Int>(DigitBytes(DigitsOf(Magnitude(value))),
                                     value);
}

Int::Int(int64_t value) {
  uint64_t magnitude = Magnitude(value);
  const size_t count = DigitsOf(magnitude);
  signed_digits_ = static_cast<int64_t>(count);
  if (value < 0) signed_digits_ = -signed_digits_;
  uint32_t* const out = digits();
  out[0] = 0;
  for (size_t i = 0; i < count; ++i, magnitude >>= kDigitBits)
    out[i] = static_cast<uint32_t>(magnitude & kDigitMask);
}

size_t Int::digit_count() const {
  return static_cast<size_t>(signed_digits_ < 0 ? -signed_digits_
                                                : signed_digits_);
}

int64_t Int::value() const {
  uint64_t magnitude = 0;
  for (size_t i = digit_count(); i > 0; --i)
    magnitude = magnitude << kDigitBits | digits()[i - 1];
  return static_cast<int64_t>(signed_digits_ < 0 ? 0 - magnitude : magnitude);
}

size_t Int::BlockBytes() const {
  return sizeof(*this) + DigitBytes(digit_count());
}

uint64_t Int::Hash() const { return static_cast<uint64_t>(value()); }

bool Int::Equals(const Object& other) const {
  if (const Int* const number = Cast<Int>(&other))
    return number->value() == value();
  const Float* const number = Cast<Float>(&other);
  return number != nullptr && number->Equals(*this);
}

Ref<Float> Float::Make(double value) {
  return Runtime::Current().New<Float>(0, value);
}

uint64_t Float::Hash() const {
  if (IsWhole(value_))
    return static_cast<uint64_t>(static_cast<int64_t>(value_));
  uint64_t bits = 0;
  memcpy(&bits, &value_, sizeof bits);
  return bits ^ bits >> 32;  // the lower half alone is 0 for many
}

bool Float::Equals(const Object& other) const {
  if (const Float* const number = Cast<Float>(&other))
    return number->value_ == value_;
  const Int* const number = Cast<Int>(&other);
  return number != nullptr && IsWhole(value_) &&
         static_cast<int64_t>(value_) == number->value();
}

}  // namespace runtime
