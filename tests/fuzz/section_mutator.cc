#include "tests/fuzz/section_mutator.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "heapline/snapshot_encoding.h"
#include "heapline/snapshot_format.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t capacity);

namespace heapline {
namespace {

constexpr uint32_t kSectionIds[] = {
    HL_SECTION_PROPERTIES,     HL_SECTION_MODULES,    HL_SECTION_THREADS,
    HL_SECTION_LABELS,         HL_SECTION_NODES,      HL_SECTION_COUNTERS,
    HL_SECTION_BLOCKS,         HL_SECTION_EPOCHS,     HL_SECTION_POOL_BLOCKS,
    HL_SECTION_MAPPED_REGIONS, HL_SECTION_MAPPINGS,   HL_SECTION_ROOT_REGIONS,
    HL_SECTION_EXPECTED_DEAD,  HL_SECTION_SYMBOLS,    HL_SECTION_END,
    HL_SECTION_ROOTS,          HL_SECTION_EDGES,      HL_SECTION_OBJECT_WORDS,
    HL_SECTION_TYPE_NAMES,     HL_SECTION_ROOT_AREAS, HL_SECTION_WEAK_EDGES};

struct Section {
  HlSectionHeader header;
  std::string payload;
};

struct File {
  HlFileHeader header;
  std::vector<Section> sections;
};

HlFileHeader UsualHeader() {
  HlFileHeader header;
  std::memset(&header, 0, sizeof header);
  std::memcpy(header.magic, HL_MAGIC, HL_MAGIC_BYTES);
  header.version = HL_FORMAT_VERSION;
  header.header_bytes = sizeof header;
  header.architecture = HL_ARCH_X86_64;
  header.pointer_bytes = 8;
  return header;
}

// The sections as their lengths have it; the last one takes what is left.
File Parse(const uint8_t* data, size_t size) {
  File file;
  file.header = UsualHeader();
  if (size < sizeof file.header) return file;
  std::memcpy(&file.header, data, sizeof file.header);
  size_t at = sizeof file.header;
  while (size - at >= sizeof(HlSectionHeader)) {
    Section section;
    std::memcpy(&section.header, data + at, sizeof section.header);
    at += sizeof section.header;
    const size_t bytes =
        std::min<uint64_t>(section.header.stored_bytes, size - at);
    section.payload.assign(reinterpret_cast<const char*>(data + at), bytes);
    at += bytes;
    file.sections.push_back(std::move(section));
  }
  return file;
}

void Seal(Section* section) {
  section->header.stored_bytes = section->payload.size();
  if (section->header.encoding == HL_ENCODING_PLAIN) {
    section->header.plain_bytes = section->payload.size();
  }
  section->header.checksum =
      SectionChecksum(section->header, section->payload.data());
}

class Mutation {
 public:
  Mutation(File file, unsigned seed) : file_(std::move(file)), random_(seed) {}

  void Apply(size_t capacity) {
    if (file_.sections.empty()) {
      AddSection();
      return;
    }
    Section* const section = &file_.sections[Below(file_.sections.size())];
    switch (Below(12)) {
      case 0:
        AddSection();
        break;
      case 1:
        file_.sections.erase(file_.sections.begin() +
                             (section - file_.sections.data()));
        break;
      case 2:
        InsertAnywhere(Section(*section));
        break;
      case 3:
        std::swap(*section, file_.sections[Below(file_.sections.size())]);
        break;
      case 4:
        section->header.record_count =
            Below(2) == 0 ? Below(64) : uint64_t{1} << Below(64);
        Seal(section);
        break;
      case 5:
        section->header.id = AnyId();
        Seal(section);
        break;
      default:
        ChangePayload(section, capacity);
    }
  }

  size_t Write(uint8_t* data, size_t capacity) {
    SealFileHeader(&file_.header);
    std::string bytes(reinterpret_cast<const char*>(&file_.header),
                      sizeof file_.header);
    for (const Section& section : file_.sections) {
      bytes.append(reinterpret_cast<const char*>(&section.header),
                   sizeof section.header);
      bytes += section.payload;
    }
    const size_t size = std::min(bytes.size(), capacity);
    std::memcpy(data, bytes.data(), size);
    return size;
  }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  uint32_t AnyId() {
    return kSectionIds[Below(sizeof kSectionIds / sizeof kSectionIds[0])];
  }

  void AddSection() {
    Section section;
    std::memset(&section.header, 0, sizeof section.header);
    section.header.id = AnyId();
    section.header.record_count = 1 + Below(4);
    for (uint64_t bytes = Below(24); bytes > 0; --bytes) {
      section.payload.push_back(static_cast<char>(Below(256)));
    }
    Seal(&section);
    InsertAnywhere(std::move(section));
  }

  void InsertAnywhere(Section section) {
    const size_t place = Below(file_.sections.size() + 1);
    file_.sections.insert(file_.sections.begin() + place, std::move(section));
  }

  void ChangePayload(Section* section, size_t capacity) {
    std::string& payload = section->payload;
    const size_t old_bytes = payload.size();
    const size_t room = std::min(capacity, old_bytes + 64);
    if (room == 0) return;
    payload.resize(room);
    payload.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(&payload[0]),
                                    old_bytes, room));
    // Counts that still fit keep the records behind the change in play.
    if (payload.size() > old_bytes && Below(2) == 0) {
      section->header.record_count += 1 + Below(2);
    }
    Seal(section);
  }

  File file_;
  std::minstd_rand random_;
};

}  // namespace

size_t MutateSections(uint8_t* data, size_t size, size_t capacity,
                      unsigned seed) {
  Mutation mutation(Parse(data, size), seed);
  mutation.Apply(capacity);
  return mutation.Write(data, capacity);
}

}  // namespace heapline
