#include "analyzer/symbolize/symbol_cache_file.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/symbolize/elf_module.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace heapline {
namespace {

// Changed whenever the layout or the meaning of an answer changes: names are
// spelt as the writing version spelt them.
constexpr uint32_t kCacheVersion = 1;
constexpr char kMagic[8] = {'\x7f', 'H', 'L', 'S', 'Y', 'M', 'B', '\n'};

struct CacheHeader {
  char magic[8];
  uint32_t version;
  uint32_t build_id_bytes;
  char build_id[kMaxBuildIdBytes];
  uint64_t address_count;
  uint64_t frame_count;
  uint64_t text_count;
  uint64_t text_bytes;
  uint64_t payload_checksum;
  uint64_t header_checksum;  // of all before it
};
static_assert(sizeof(CacheHeader) == 128, "no padding");

struct CacheFrame {
  uint32_t function;  // index of a text
  uint32_t file;
  uint32_t line;
};

uint64_t HeaderChecksum(const CacheHeader& header) {
  return XXH3_64bits(&header, offsetof(CacheHeader, header_checksum));
}

template <typename T>
void AppendRaw(const T* values, size_t count, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

// Takes arrays off the front of the payload.
class PayloadReader {
 public:
  explicit PayloadReader(absl::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  bool Take(uint64_t count, std::vector<T>* values) {
    if (count > bytes_.size() / sizeof(T)) return false;
    values->resize(count);
    if (count > 0) memcpy(values->data(), bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
    return true;
  }
  absl::string_view rest() const { return bytes_; }

 private:
  absl::string_view bytes_;
};

struct CacheContents {
  std::vector<uint64_t> addresses;
  std::vector<uint32_t> first_frames;  // one more than addresses
  std::vector<CacheFrame> frames;
  std::vector<uint32_t> text_ends;
  absl::string_view text_bytes;

  bool Read(const CacheHeader& header, absl::string_view payload) {
    PayloadReader reader(payload);
    if (header.address_count >= payload.size() ||
        !reader.Take(header.address_count, &addresses) ||
        !reader.Take(header.address_count + 1, &first_frames) ||
        !reader.Take(header.frame_count, &frames) ||
        !reader.Take(header.text_count, &text_ends)) {
      return false;
    }
    text_bytes = reader.rest();
    return text_bytes.size() == header.text_bytes && AreIndicesInRange();
  }

  bool AreIndicesInRange() const {
    uint32_t previous = 0;
    for (uint32_t first : first_frames) {
      if (first < previous) return false;
      previous = first;
    }
    if (first_frames.front() != 0 || previous != frames.size()) return false;
    previous = 0;
    for (uint32_t end : text_ends) {
      if (end < previous) return false;
      previous = end;
    }
    if (previous != text_bytes.size()) return false;
    for (const CacheFrame& frame : frames) {
      if (frame.function >= text_ends.size() ||
          frame.file >= text_ends.size()) {
        return false;
      }
    }
    return true;
  }
};

// Numbers texts in the order they are first met.
class TextNumbers {
 public:
  uint32_t NumberOf(const std::string* text) {
    auto inserted =
        numbers_.try_emplace(text, static_cast<uint32_t>(ends.size()));
    if (inserted.second) {
      bytes.append(*text);
      ends.push_back(static_cast<uint32_t>(bytes.size()));
    }
    return inserted.first->second;
  }
  std::string bytes;
  std::vector<uint32_t> ends;

 private:
  absl::flat_hash_map<const std::string*, uint32_t> numbers_;
};

}  // namespace

std::string EncodeCacheFile(absl::string_view build_id,
                            const AnswerTable& answers) {
  if (build_id.size() > kMaxBuildIdBytes) return "";
  const std::vector<uint64_t> addresses = answers.Addresses();
  std::vector<uint32_t> first_frames;
  std::vector<CacheFrame> frames;
  TextNumbers texts;
  for (uint64_t address : addresses) {
    first_frames.push_back(static_cast<uint32_t>(frames.size()));
    for (const KnownFrame& frame : answers.Find(address)) {
      frames.push_back({texts.NumberOf(frame.function),
                        texts.NumberOf(frame.file), frame.line});
    }
    if (frames.size() > UINT32_MAX / 2 || texts.bytes.size() > UINT32_MAX / 2)
      return "";
  }
  first_frames.push_back(static_cast<uint32_t>(frames.size()));

  std::string file(sizeof(CacheHeader), '\0');
  AppendRaw(addresses.data(), addresses.size(), &file);
  AppendRaw(first_frames.data(), first_frames.size(), &file);
  AppendRaw(frames.data(), frames.size(), &file);
  AppendRaw(texts.ends.data(), texts.ends.size(), &file);
  file.append(texts.bytes);

  CacheHeader header{};
  memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kCacheVersion;
  header.build_id_bytes = static_cast<uint32_t>(build_id.size());
  if (!build_id.empty())
    memcpy(header.build_id, build_id.data(), build_id.size());
  header.address_count = addresses.size();
  header.frame_count = frames.size();
  header.text_count = texts.ends.size();
  header.text_bytes = texts.bytes.size();
  header.payload_checksum =
      XXH3_64bits(file.data() + sizeof(header), file.size() - sizeof(header));
  header.header_checksum = HeaderChecksum(header);
  memcpy(&file[0], &header, sizeof(header));
  return file;
}

bool DecodeCacheFile(absl::string_view bytes, absl::string_view build_id,
                     StringPool* texts, AnswerTable* answers) {
  CacheHeader header;
  if (bytes.size() < sizeof(header)) return false;
  memcpy(&header, bytes.data(), sizeof(header));
  const absl::string_view payload = bytes.substr(sizeof(header));
  if (memcmp(header.magic, kMagic, sizeof(kMagic)) != 0 ||
      header.version != kCacheVersion ||
      header.header_checksum != HeaderChecksum(header) ||
      header.build_id_bytes > kMaxBuildIdBytes ||
      absl::string_view(header.build_id, header.build_id_bytes) != build_id ||
      header.payload_checksum != XXH3_64bits(payload.data(), payload.size())) {
    return false;
  }
  CacheContents contents;
  if (!contents.Read(header, payload)) return false;

  std::vector<const std::string*> text_by_number;
  text_by_number.reserve(contents.text_ends.size());
  uint32_t begin = 0;
  for (uint32_t end : contents.text_ends) {
    text_by_number.push_back(
        texts->Intern(contents.text_bytes.substr(begin, end - begin)));
    begin = end;
  }
  answers->Reserve(contents.addresses.size());
  std::vector<KnownFrame> frames;
  for (size_t i = 0; i < contents.addresses.size(); ++i) {
    frames.clear();
    for (uint32_t f = contents.first_frames[i];
         f < contents.first_frames[i + 1]; ++f) {
      const CacheFrame& frame = contents.frames[f];
      frames.push_back({text_by_number[frame.function],
                        text_by_number[frame.file], frame.line});
    }
    answers->Add(contents.addresses[i], frames);
  }
  return true;
}

}  // namespace heapline
