// zstd_payload.h: a section's payload through zstd, both ways; the only file
// that knows the library.
//
// Invariant: never writes more than the size asked for: a hostile payload
// costs at most HL_MAX_SECTION_BYTES. Not thread-safe: an object keeps its
// contexts.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_ZSTD_PAYLOAD_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_ZSTD_PAYLOAD_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace heapline {

class ZstdPayload {
 public:
  ZstdPayload();
  ~ZstdPayload();

  // The `plain_bytes` that `stored` unpacks to, owned by this object until the
  // next call; an empty span with *is_sound false where it unpacks to anything
  // else.
  absl::Span<const unsigned char> Unpack(absl::Span<const unsigned char> stored,
                                         size_t plain_bytes, bool* is_sound);

  // `plain` packed, padded where a reader would else refuse its ratio; "" where
  // packing gains nothing.
  std::string Pack(absl::Span<const unsigned char> plain);

 private:
  struct FreeCompressor {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  struct FreeDecompressor {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, FreeCompressor> compressor_;
  std::unique_ptr<ZSTD_DCtx_s, FreeDecompressor> decompressor_;
  std::vector<unsigned char> buffer_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_ZSTD_PAYLOAD_H_
