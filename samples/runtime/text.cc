// text.cc
#include "samples/runtime/text.h"

#include <cstring>

#include "samples/runtime/cast.h"
#include "samples/runtime/interning.h"
#include "samples/runtime/runtime.h"

namespace runtime {

// FNV-1a with 64 bits (Fowler, Noll, Vo).
uint64_t HashText(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash != 0 ? hash : 1;
}

Str::Str(size_t length) : length_(length) { data()[length] = '\0'; }

Str::~Str() {
  if (intern_state_ == InternState::kMortal)
    Runtime::Current().interning().Forget(this);
}

Ref<Str> Str::Make(std::string_view text) { return Repeat(text, 1); }

Ref<Str> Str::Repeat(std::string_view text, size_t times) {
  const size_t length = text.size() * times;
  Ref<Str> result = Runtime::Current().New<Str>(length + 1, length);
  if (text.size() == 1) {
    memset(result->data(), text[0], length);
  } else if (!text.empty()) {
    for (size_t at = 0; at < length; at += text.size())
      memcpy(result->data() + at, text.data(), text.size());
  }
  return result;
}

Ref<Str> Str::Concat(const Str& first, const Str& second) {
  const size_t length = first.length_ + second.length_;
  Ref<Str> result = Runtime::Current().New<Str>(length + 1, length);
  memcpy(result->data(), first.view().data(), first.length_);
  memcpy(result->data() + first.length_, second.view().data(), second.length_);
  return result;
}

uint64_t Str::Hash() const {
  if (hash_ == 0) hash_ = HashText(view());
  return hash_;
}

bool Str::Equals(const Object& other) const {
  const Str* const text = Cast<Str>(&other);
  return text != nullptr && text->view() == view();
}

Bytes::Bytes(size_t length) : length_(length) { memset(data(), 0, length + 1); }

Ref<Bytes> Bytes::Make(std::string_view bytes) {
  Ref<Bytes> result = Zeroed(bytes.size());
  if (!bytes.empty()) memcpy(result->data(), bytes.data(), bytes.size());
  return result;
}

Ref<Bytes> Bytes::Zeroed(size_t length) {
  return Runtime::Current().New<Bytes>(length + 1, length);
}

uint64_t Bytes::Hash() const {
  if (hash_ == 0) hash_ = HashText(view());
  return hash_;
}

bool Bytes::Equals(const Object& other) const {
  const Bytes* const bytes = Cast<Bytes>(&other);
  return bytes != nullptr && bytes->view() == view();
}

}  // namespace runtime
