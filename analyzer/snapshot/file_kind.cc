#include "analyzer/snapshot/file_kind.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "heapline/snapshot_format.h"

namespace heapline {
namespace {

constexpr const char kGiveASnapshot[] =
    "give a file that heapline wrote (*.hl), or its text form";
constexpr const char kElfRemedy[] =
    "run the program with `heapline run -- PROGRAM` and give the snapshot "
    "that it leaves";
constexpr const char kOtherTool[] =
    "read it with the tool that wrote it, or trace the program again with "
    "`heapline run -- PROGRAM`";
constexpr const char kCopyAgain[] =
    "copy it again in binary mode, or take the snapshot again";

constexpr size_t kElfTypeOffset = 16;
constexpr unsigned char kElfCore = 4;
constexpr size_t kTextSampleBytes = 512;

bool IsText(absl::string_view bytes) {
  bytes = bytes.substr(0, kTextSampleBytes);
  return std::all_of(bytes.begin(), bytes.end(), [](unsigned char byte) {
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t';
  });
}

bool IsAllZero(absl::string_view bytes) {
  bytes = bytes.substr(0, kTextSampleBytes);
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char byte) { return byte == 0; });
}

FileKind ElfKind(absl::string_view bytes) {
  if (bytes.size() > kElfTypeOffset && bytes[kElfTypeOffset] == kElfCore) {
    return {"an ELF core dump", kElfRemedy};
  }
  return {"an ELF program or library", kElfRemedy};
}

}  // namespace

FileKind LooksLike(absl::Span<const unsigned char> span) {
  const absl::string_view bytes(reinterpret_cast<const char*>(span.data()),
                                span.size());
  const absl::string_view magic(HL_MAGIC, HL_MAGIC_BYTES);
  if (bytes.empty()) return {"an empty file", kGiveASnapshot};
  if (absl::StartsWith(magic, bytes)) {
    return {"the first few bytes of one", kCopyAgain};
  }
  if (absl::StartsWith(bytes, magic.substr(0, HL_MAGIC_BYTES - 1))) {
    return {"one that was copied in text mode", kCopyAgain};
  }
  if (absl::StartsWith(bytes, "heapline-text")) {
    return {"a text form of another version",
            "use the heapline that wrote it, or a newer one"};
  }
  if (absl::StartsWith(bytes,
                       "\x7f"
                       "ELF"))
    return ElfKind(bytes);
  if (absl::StartsWith(bytes, "\x28\xb5\x2f\xfd")) {
    return {"a file compressed with zstd (heaptrack's are, too)", kOtherTool};
  }
  if (absl::StartsWith(bytes, "\x1f\x8b")) {
    return {"a file compressed with gzip (pprof and heaptrack write such ones)",
            kOtherTool};
  }
  if (absl::StartsWith(bytes, "v 1") &&
      absl::StrContains(bytes.substr(0, kTextSampleBytes), "\nX ")) {
    return {"a heaptrack file", kOtherTool};
  }
  if (absl::StartsWith(bytes, "desc: ")) {
    return {"a massif file", kOtherTool};
  }
  if (absl::StartsWith(bytes, "heap profile: ")) {
    return {"a gperftools heap profile", kOtherTool};
  }
  if (absl::StartsWith(bytes, "#!")) return {"a script", kElfRemedy};
  if (absl::StartsWith(bytes, "{")) return {"a JSON file", kGiveASnapshot};
  if (IsAllZero(bytes)) return {"a file of zeros", kCopyAgain};
  if (IsText(bytes)) return {"a text file", kGiveASnapshot};
  return {"binary data of another kind", kGiveASnapshot};
}

}  // namespace heapline
