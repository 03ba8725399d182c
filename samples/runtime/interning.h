// interning.h: objects that stand for all that are equal to them: the small
// integers, made at the start, and the interned strings.
//
// The table's reference to an interned string is not counted, so that the
// string dies with its last user and leaves the table. Interned for ever, it is
// held by the table instead, a dict that only grows: harmless for a program's
// own names, a leak when texts come from outside.
//
// Invariant: no two interned strings are equal.
#ifndef SAMPLES_RUNTIME_INTERNING_H_
#define SAMPLES_RUNTIME_INTERNING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "samples/runtime/dict.h"
#include "samples/runtime/number.h"
#include "samples/runtime/object.h"
#include "samples/runtime/text.h"

namespace runtime {

inline constexpr int64_t kLeastSmallInt = -5;
inline constexpr int64_t kGreatestSmallInt = 256;

enum class InternLife { kMortal, kForever };

struct InternStats {
  uint64_t hits = 0;         // an equal string was there
  uint64_t misses = 0;       // the string was added
  uint64_t bytes_saved = 0;  // of the strings that hits made needless
};

class Interning {
 public:
  Interning();   // REQUIRES: Runtime::Current()
  ~Interning();  // strings that still live are interned no more
  Interning(const Interning&) = delete;
  Interning& operator=(const Interning&) = delete;

  static constexpr bool IsSmall(int64_t value) {
    return value >= kLeastSmallInt && value <= kGreatestSmallInt;
  }
  // REQUIRES: IsSmall(value).
  Int* SmallInt(int64_t value) const;

  // The interned string equal to this, or this one from now on. A mortal one
  // becomes immortal where it is asked for.
  Ref<Str> Intern(Str* text, InternLife life = InternLife::kMortal);
  // Without making a string where there is an interned one.
  Ref<Str> Intern(std::string_view text, InternLife life = InternLife::kMortal);

  const InternStats& stats() const { return stats_; }
  size_t size() const { return mortal_.size() + forever_->size(); }
  // The strings that are held for ever, in the order of their coming.
  const Dict& forever() const { return *forever_; }

 private:
  friend class Str;
  void Forget(const Str* text);  // it dies

  using Row = std::unordered_multimap<uint64_t, uintptr_t>::const_iterator;
  Row FindMortal(std::string_view text) const;
  Str* Find(std::string_view text) const;  // nullptr: none
  void Add(Str* text, InternLife life);
  // An interned string that took the place of one of so many bytes.
  Ref<Str> Hit(Str* text, InternLife life, size_t bytes_saved);

  std::array<Ref<Int>, kGreatestSmallInt - kLeastSmallInt + 1> small_ints_;
  // Hash to disguised address (disguise.h): this table owns no string.
  std::unordered_multimap<uint64_t, uintptr_t> mortal_;
  Ref<Dict> forever_;  // text -> itself
  InternStats stats_;
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_INTERNING_H_
