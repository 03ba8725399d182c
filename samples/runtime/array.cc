// array.cc
#include "samples/runtime/array.h"

#include <cstring>
#include <limits>
#include <string>

#include "samples/runtime/errors.h"
#include "samples/runtime/fields.h"
#include "samples/runtime/position.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

size_t ElementBytes(char type_code) {
  switch (type_code) {
    case 'b':
      return sizeof(int8_t);
    case 'i':
      return sizeof(int32_t);
    case 'l':
      return sizeof(int64_t);
    case 'd':
      return sizeof(double);
    default:
      throw ValueError("bad typecode (must be b, i, l or d)");
  }
}

// CPython's words for what an element cannot hold.
template <typename T>
T Narrowed(int64_t value, const char* type) {
  if (value < std::numeric_limits<T>::min())
    throw OverflowError(std::string(type) + " is less than minimum");
  if (value > std::numeric_limits<T>::max())
    throw OverflowError(std::string(type) + " is greater than maximum");
  return static_cast<T>(value);
}

template <typename T>
T ReadAs(const char* at) {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

Ref<Array> Array::Make(char type_code) {
  return Runtime::Current().New<Array>(0, type_code, ElementBytes(type_code));
}

Array::~Array() {
  Runtime::Current().allocator().Free(items_, capacity_ * element_bytes_);
}

void Array::Append(int64_t value) {
  if (type_code_ == 'b') {
    const int8_t element = Narrowed<int8_t>(value, "signed char");
    AppendElement(&element);
  } else if (type_code_ == 'i') {
    const int32_t element = Narrowed<int32_t>(value, "signed integer");
    AppendElement(&element);
  } else if (type_code_ == 'l') {
    AppendElement(&value);
  } else {
    throw TypeError("array of doubles: use AppendDouble");
  }
}

void Array::AppendDouble(double value) {
  if (type_code_ != 'd') throw TypeError("array of integers: use Append");
  AppendElement(&value);
}

int64_t Array::Get(int64_t index) const {
  if (type_code_ == 'd') throw TypeError("array of doubles: use GetDouble");
  const char* const at = Element(index);
  if (type_code_ == 'b') return ReadAs<int8_t>(at);
  return type_code_ == 'i' ? ReadAs<int32_t>(at) : ReadAs<int64_t>(at);
}

double Array::GetDouble(int64_t index) const {
  if (type_code_ != 'd') throw TypeError("array of integers: use Get");
  return ReadAs<double>(Element(index));
}

void Array::Pop() {
  if (size_ == 0) throw IndexError("pop from empty array");
  Resize(size_ - 1);
}

const char* Array::Element(int64_t index) const {
  return items_ +
         element_bytes_ * PositionIn(size_, index, "array index out of range");
}

void Array::AppendElement(const void* element) {
  Resize(size_ + 1);
  memcpy(items_ + (size_ - 1) * element_bytes_, element, element_bytes_);
}

// Memory moves where it is too small, or larger by 16 elements than was.
void Array::Resize(size_t size) {
  if (views_ > 0)
    throw BufferError("cannot resize an array that is exporting buffers");
  if (capacity_ >= size && size_ < size + 16 && items_ != nullptr) {
    size_ = size;
    return;
  }
  const size_t capacity = size / 16 + (size_ < 8 ? 3 : 7) + size;
  char* const items = static_cast<char*>(
      Runtime::Current().allocator().Allocate(capacity * element_bytes_));
  const size_t kept = size < size_ ? size : size_;
  if (kept > 0) memcpy(items, items_, kept * element_bytes_);
  memset(items + kept * element_bytes_, 0, (capacity - kept) * element_bytes_);
  Runtime::Current().allocator().Free(items_, capacity_ * element_bytes_);
  items_ = items;
  size_ = size;
  capacity_ = capacity;
}

size_t Array::ShallowBytes() const {
  return sizeof(*this) + capacity_ * element_bytes_;
}

void Array::Describe(LayoutVisitor* visitor) const {
  visitor->Block(this, OffsetIn(this, &items_), items_,
                 capacity_ * element_bytes_);
  visitor->Weak(this, OffsetIn(this, &weak_refs_), weak_refs_);
}

}  // namespace runtime
