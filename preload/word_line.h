// word_line.h: words of the program's memory by eights, and which of them may
// matter to the search for references: told by the upper halves of all eight
// at once. No word that matters is passed over; of the others some are not.
// Stateless but for a filter's bounds.
#ifndef HEAPLINE_PRELOAD_WORD_LINE_H_
#define HEAPLINE_PRELOAD_WORD_LINE_H_

#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/pages.h"
#include "preload/readable_words.h"

namespace heapline {

inline constexpr size_t kLineWords = 8;
inline constexpr uintptr_t kLineBytes = kLineWords * kWordBytes;

// Eight words, the first `count` of them those at `address`. What stands behind
// may be any. `copy` is used where to read eight would leave the page, which
// alone is known to be readable. REQUIRES: 0 < count <= 8, an address aligned
// to words.
inline const uintptr_t* LineAt(uintptr_t address, size_t count,
                               uintptr_t (&copy)[kLineWords]) {
  const auto* const words = reinterpret_cast<const uintptr_t*>(address);
  if (__builtin_expect(count == kLineWords ||
                           address % kPageBytes <= kPageBytes - kLineBytes,
                       1)) {
    return words;
  }
  for (size_t i = 0; i < count; ++i) copy[i] = words[i];
  return copy;
}

// Bit i: the word i is one of the first `count`. REQUIRES: count <= 8.
inline unsigned FirstWords(size_t count) { return (1u << count) - 1; }

// The words whose upper halves lie between those of two others.
class WordFilter {
 public:
  // REQUIRES: lowest <= highest < 2^62.
  WordFilter(uintptr_t lowest, uintptr_t highest)
      : below_(_mm_set1_epi32(static_cast<int>(lowest >> 32) - 1)),
        above_(_mm_set1_epi32(static_cast<int>(highest >> 32) + 1)) {}

  // Bit i: the word i is one of them.
  unsigned WordsOf(const uintptr_t* line) const {
    return Bits(AreBetween(UpperHalves(line)),
                AreBetween(UpperHalves(line + kLineWords / 2)));
  }
  // Bit i: and it is not 0.
  unsigned NonzeroWordsOf(const uintptr_t* line) const {
    const __m128i zeros = _mm_setzero_si128();
    const __m128i first = UpperHalves(line);
    const __m128i second = UpperHalves(line + kLineWords / 2);
    const __m128i first_or = _mm_or_si128(first, LowerHalves(line));
    const __m128i second_or =
        _mm_or_si128(second, LowerHalves(line + kLineWords / 2));
    return Bits(
        _mm_andnot_si128(_mm_cmpeq_epi32(first_or, zeros), AreBetween(first)),
        _mm_andnot_si128(_mm_cmpeq_epi32(second_or, zeros),
                         AreBetween(second)));
  }

 private:
  static __m128 Load(const uintptr_t* words) {
    return _mm_castsi128_ps(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  }
  // Of four words.
  static __m128i UpperHalves(const uintptr_t* words) {
    return _mm_castps_si128(
        _mm_shuffle_ps(Load(words), Load(words + 2), _MM_SHUFFLE(3, 1, 3, 1)));
  }
  static __m128i LowerHalves(const uintptr_t* words) {
    return _mm_castps_si128(
        _mm_shuffle_ps(Load(words), Load(words + 2), _MM_SHUFFLE(2, 0, 2, 0)));
  }
  __m128i AreBetween(__m128i halves) const {
    return _mm_and_si128(_mm_cmpgt_epi32(halves, below_),
                         _mm_cmpgt_epi32(above_, halves));
  }
  static unsigned Bits(__m128i first, __m128i second) {
    const __m128i eight = _mm_packs_epi32(first, second);
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_packs_epi16(eight, _mm_setzero_si128())));
  }

  __m128i below_;
  __m128i above_;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_WORD_LINE_H_
