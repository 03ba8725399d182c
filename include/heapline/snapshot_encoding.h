/* snapshot_encoding.h: varints and headers of the snapshot format, both ways;
 * the one place that knows how a number becomes bytes. Header-only, no
 * allocation, no library but the inline XXH3: the shim uses it inside a
 * stopped process. Used by the writers in preload/ and analyzer/ and by the
 * reader in analyzer/.
 *
 * Encoders write at `out` and return the end; the caller has made room
 * (kVarintBytes a number), of which what lies behind the end may be changed.
 * Decoders never read at or past `end` and return NULL where the bytes do not
 * hold a value: hostile input is normal input. Thread-safe: no state. C++17. */
#ifndef HEAPLINE_SNAPSHOT_ENCODING_H_
#define HEAPLINE_SNAPSHOT_ENCODING_H_

#include <stddef.h>
#include <stdint.h>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include "heapline/snapshot_format.h"

namespace heapline {

enum { kVarintBytes = 10 };  // the longest encoding of 64 bits

// Of a value up to 2^56 - 1, in the low bytes of the result; and their count.
// Without a branch: nobody foretells how long the next of many numbers is.
inline uint64_t VarintOf(uint64_t value, unsigned* bytes) {
  const unsigned bits = 64u - static_cast<unsigned>(__builtin_clzll(value | 1));
  *bytes = (bits * 9 + 64) / 64;
  // Seven bits a byte: halves, then quarters, then eighths move apart.
  value = (value & 0x000000000fffffff) | (value & 0x00fffffff0000000) << 4;
  value = (value & 0x00003fff00003fff) | (value & 0x0fffc0000fffc000) << 2;
  value = (value & 0x007f007f007f007f) | (value & 0x3f803f803f803f80) << 1;
  const uint64_t below_last = (uint64_t{1} << (*bytes - 1) * 8) - 1;
  return value | (below_last & 0x8080808080808080);
}

inline unsigned char* PutVarint(unsigned char* out, uint64_t value) {
  if (value < uint64_t{1} << 14) {
    const unsigned low = static_cast<unsigned>(value);
    const unsigned is_long = low > 0x7f;
    out[0] = static_cast<unsigned char>(low | is_long << 7);
    out[1] = static_cast<unsigned char>(low >> 7);
    return out + 1 + is_long;
  }
  constexpr uint64_t kSevenGroups = uint64_t{1} << 56;
  for (; value >= kSevenGroups; value >>= 7) {
    *out++ = static_cast<unsigned char>(value | 0x80);
  }
  unsigned bytes;
  const uint64_t encoded = VarintOf(value, &bytes);
  __builtin_memcpy(out, &encoded, sizeof encoded);
  return out + bytes;
}

inline uint64_t ZigzagEncode(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^
         static_cast<uint64_t>(value >> 63);
}

inline int64_t ZigzagDecode(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

inline unsigned char* PutZigzag(unsigned char* out, int64_t value) {
  return PutVarint(out, ZigzagEncode(value));
}

// Reads one varint from [in, end) into *value. Returns the byte after it, or
// NULL when it is cut off, longer than 10 bytes or over 64 bits.
inline const unsigned char* GetVarint(const unsigned char* in,
                                      const unsigned char* end,
                                      uint64_t* value) {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (in == end) return nullptr;
    const uint64_t byte = *in++;
    if (shift == 63 && byte > 1) return nullptr;
    result |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *value = result;
      return in;
    }
  }
  return nullptr;
}

// Fills in the checksum of a header whose other fields are set.
inline void SealFileHeader(HlFileHeader* header) {
  header->checksum = XXH3_64bits(header, offsetof(HlFileHeader, checksum));
}

// The checksum that `header` must carry for the stored payload `bytes`.
inline uint64_t SectionChecksum(const HlSectionHeader& header,
                                const void* bytes) {
  const uint64_t seed =
      XXH3_64bits(&header, offsetof(HlSectionHeader, checksum));
  return XXH3_64bits_withSeed(bytes, header.stored_bytes, seed);
}

static_assert(sizeof(HlFileHeader) == 32, "on disk");
static_assert(sizeof(HlSectionHeader) == 40, "on disk");

}  // namespace heapline

#endif  // HEAPLINE_SNAPSHOT_ENCODING_H_
