// interning.cc
#include "samples/runtime/interning.h"

#include "samples/runtime/cast.h"
#include "samples/runtime/disguise.h"

namespace runtime {

Interning::Interning() : forever_(Dict::Make()) {
  for (int64_t value = kLeastSmallInt; value <= kGreatestSmallInt; ++value) {
    Ref<Int>& place = small_ints_[static_cast<size_t>(value - kLeastSmallInt)];
    place = Int::MakeUnshared(value);
    place->Set(kImmortal);
  }
}

Interning::~Interning() {
  for (const auto& [hash, address] : mortal_)
    Undisguised<Str>(address)->intern_state_ = InternState::kNot;
  forever_->ForEach([](Object* key, Object*) {
    Cast<Str>(key)->intern_state_ = InternState::kNot;
    key->Unset(kImmortal);
  });
  for (const Ref<Int>& number : small_ints_) number->Unset(kImmortal);
}

Int* Interning::SmallInt(int64_t value) const {
  return small_ints_[static_cast<size_t>(value - kLeastSmallInt)];
}

Interning::Row Interning::FindMortal(std::string_view text) const {
  const auto [first, last] = mortal_.equal_range(HashText(text));
  for (Row row = first; row != last; ++row) {
    if (Undisguised<Str>(row->second)->view() == text) return row;
  }
  return mortal_.end();
}

Str* Interning::Find(std::string_view text) const {
  if (Object* const kept = forever_->Get(text)) return Cast<Str>(kept);
  const Row row = FindMortal(text);
  return row != mortal_.end() ? Undisguised<Str>(row->second) : nullptr;
}

void Interning::Add(Str* text, InternLife life) {
  if (life == InternLife::kMortal) {
    text->intern_state_ = InternState::kMortal;
    mortal_.emplace(text->Hash(), Disguised(text));
  } else {
    text->intern_state_ = InternState::kForever;
    text->Set(kImmortal);
    forever_->Set(text, text);
  }
}

Ref<Str> Interning::Hit(Str* text, InternLife life, size_t bytes_saved) {
  ++stats_.hits;
  stats_.bytes_saved += bytes_saved;
  if (life == InternLife::kForever &&
      text->intern_state_ == InternState::kMortal) {
    Forget(text);
    Add(text, life);
  }
  return text;
}

Ref<Str> Interning::Intern(Str* text, InternLife life) {
  if (Str* const known = Find(text->view()))
    return Hit(known, life, known == text ? 0 : text->BlockBytes());
  ++stats_.misses;
  Add(text, life);
  return text;
}

Ref<Str> Interning::Intern(std::string_view text, InternLife life) {
  if (Str* const known = Find(text))
    return Hit(known, life, known->BlockBytes());
  ++stats_.misses;
  Ref<Str> made = Str::Make(text);
  Add(made, life);
  return made;
}

void Interning::Forget(const Str* text) {
  const Row row = FindMortal(text->view());
  if (row != mortal_.end()) mortal_.erase(row);
}

}  // namespace runtime
