// encoding_test.cc: numbers against the definition of their bytes: seven bits
// each, the lowest first, the high bit where another follows.
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {
namespace {

std::string ByDefinition(uint64_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) {
    bytes.push_back(static_cast<char>((value & 0x7f) | 0x80));
  }
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

// Encodes with a byte behind the room that must stay what it is.
std::string Encoded(uint64_t value) {
  constexpr unsigned char kBehind = 0xa5;
  unsigned char room[kVarintBytes + 1];
  std::memset(room, 0, sizeof room);
  room[kVarintBytes] = kBehind;
  const unsigned char* const end = PutVarint(room, value);
  EXPECT_EQ(room[kVarintBytes], kBehind) << value;
  return std::string(reinterpret_cast<const char*>(room),
                     static_cast<size_t>(end - room));
}

void ExpectRight(uint64_t value) {
  const std::string bytes = Encoded(value);
  ASSERT_EQ(bytes, ByDefinition(value)) << value;
  const auto* const start =
      reinterpret_cast<const unsigned char*>(bytes.data());
  uint64_t decoded = ~value;
  EXPECT_EQ(GetVarint(start, start + bytes.size(), &decoded),
            start + bytes.size());
  EXPECT_EQ(decoded, value);
}

TEST(Varint, HasTheBytesOfItsDefinitionAroundEachPowerOfTwo) {
  ExpectRight(0);
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    ExpectRight(power - 1);
    ExpectRight(power);
    ExpectRight(power + 1);
  }
  ExpectRight(~uint64_t{0});
}

TEST(Varint, HasTheBytesOfItsDefinitionForRandomNumbersOfEachLength) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) ExpectRight(random() >> (random() % 64));
}

TEST(Zigzag, GivesBackWhatWasPut) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    unsigned char room[kVarintBytes];
    const unsigned char* const end = PutZigzag(room, value);
    uint64_t decoded = 0;
    ASSERT_EQ(GetVarint(room, end, &decoded), end);
    ASSERT_EQ(ZigzagDecode(decoded), value);
  }
}

}  // namespace
}  // namespace heapline
