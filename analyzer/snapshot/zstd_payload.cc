#include "analyzer/snapshot/zstd_payload.h"

#include <zstd.h>

#include <algorithm>
#include <cstdint>

#include "heapline/snapshot_format.h"

namespace heapline {
namespace {

constexpr int kLevel = 9;
// zstd's skippable frame: magic, length, that many bytes a reader passes over.
constexpr uint32_t kSkippableMagic = 0x184d2a50;
constexpr size_t kSkippableHeaderBytes = 8;

void AppendLittleEndian(std::string* out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    out->push_back(static_cast<char>(value >> shift & 0xff));
  }
}

// Very regular payloads pack better than HL_MAX_COMPRESSION_RATIO, which a
// reader takes for an attack.
void PadToRatio(std::string* packed, size_t plain_bytes) {
  const size_t least =
      (plain_bytes + HL_MAX_COMPRESSION_RATIO - 1) / HL_MAX_COMPRESSION_RATIO;
  if (packed->size() >= least) return;
  const size_t frame = std::max(least - packed->size(), kSkippableHeaderBytes);
  AppendLittleEndian(packed, kSkippableMagic);
  AppendLittleEndian(packed,
                     static_cast<uint32_t>(frame - kSkippableHeaderBytes));
  packed->append(frame - kSkippableHeaderBytes, '\0');
}

}  // namespace

void ZstdPayload::FreeCompressor::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}

void ZstdPayload::FreeDecompressor::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

ZstdPayload::ZstdPayload() = default;
ZstdPayload::~ZstdPayload() = default;

absl::Span<const unsigned char> ZstdPayload::Unpack(
    absl::Span<const unsigned char> stored, size_t plain_bytes,
    bool* is_sound) {
  *is_sound = false;
  if (decompressor_ == nullptr) decompressor_.reset(ZSTD_createDCtx());
  if (plain_bytes > HL_MAX_SECTION_BYTES || decompressor_ == nullptr) return {};
  buffer_.resize(plain_bytes);
  const size_t got =
      ZSTD_decompressDCtx(decompressor_.get(), buffer_.data(), plain_bytes,
                          stored.data(), stored.size());
  if (ZSTD_isError(got) || got != plain_bytes) return {};
  *is_sound = true;
  return buffer_;
}

std::string ZstdPayload::Pack(absl::Span<const unsigned char> plain) {
  if (compressor_ == nullptr) compressor_.reset(ZSTD_createCCtx());
  if (compressor_ == nullptr) return "";
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const size_t got =
      ZSTD_compressCCtx(compressor_.get(), &packed[0], packed.size(),
                        plain.data(), plain.size(), kLevel);
  if (ZSTD_isError(got)) return "";
  packed.resize(got);
  PadToRatio(&packed, plain.size());
  if (packed.size() >= plain.size()) return "";
  return packed;
}

}  // namespace heapline
