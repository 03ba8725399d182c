#include "preload/eh_frame.h"

namespace heapline {
namespace {

// DW_EH_PE_…: the low four bits say how a number is written, the next three
// what it counts from.
enum : uint8_t {
  kAbsolute8 = 0x00,
  kUleb = 0x01,
  kUdata2 = 0x02,
  kUdata4 = 0x03,
  kUdata8 = 0x04,
  kSleb = 0x09,
  kSdata2 = 0x0a,
  kSdata4 = 0x0b,
  kSdata8 = 0x0c,
  kFormatMask = 0x0f,
  kFromHere = 0x10,
  kFromData = 0x30,
  kAligned = 0x50,
  kOriginMask = 0x70,
  kOmitted = 0xff
};

// Entries read when there is no search table: a section of 64 MiB.
constexpr int kMostEntriesScanned = 1 << 21;

size_t FixedBytes(uint8_t encoding) {
  switch (encoding & kFormatMask) {
    case kUdata2:
    case kSdata2:
      return 2;
    case kUdata4:
    case kSdata4:
      return 4;
    case kAbsolute8:
    case kUdata8:
    case kSdata8:
      return 8;
    default:
      return 0;
  }
}

struct Cie {
  FrameDescription* description;
  bool has_augmentation_data;
};

void ReadAugmentation(const unsigned char* letters, CfiReader* data,
                      FrameDescription* description) {
  for (; *letters != 0; ++letters) {
    switch (*letters) {
      case 'R':
        description->pointer_encoding = data->U8();
        break;
      case 'P': {
        const uint8_t encoding = data->U8();
        data->Pointer(encoding, 0);
        break;
      }
      case 'L':
        data->U8();
        break;
      case 'S':
        description->is_signal_frame = true;
        break;
      case 'B':  // aarch64's B key, no operand
      case 'G':
        break;
      default:
        // Its data is skipped as a whole; what comes after is unknown too.
        return;
    }
  }
}

bool ReadCie(CfiReader entry, Cie* cie) {
  FrameDescription* description = cie->description;
  const uint8_t version = entry.U8();
  if (version != 1 && version != 3 && version != 4) return false;
  const unsigned char* letters = entry.position();
  while (entry.is_valid() && entry.U8() != 0) {
  }
  if (!entry.is_valid()) return false;
  if (version == 4 && (entry.U8() != 8 || entry.U8() != 0)) return false;
  description->code_alignment = entry.Uleb();
  description->data_alignment = entry.Sleb();
  description->return_address_register =
      version == 1 ? entry.U8() : entry.Uleb();
  description->pointer_encoding = kAbsolute8;
  description->is_signal_frame = false;
  cie->has_augmentation_data = letters[0] == 'z';
  if (cie->has_augmentation_data) {
    const uint64_t bytes = entry.Uleb();
    const unsigned char* begin = entry.position();
    entry.Skip(bytes);
    if (!entry.is_valid()) return false;
    CfiReader data(begin, entry.position());
    ReadAugmentation(letters + 1, &data, description);
    if (!data.is_valid()) return false;
  } else if (letters[0] != 0) {
    return false;
  }
  description->initial_instructions = {entry.position(), entry.end()};
  return entry.is_valid();
}

// The entry that begins at `start`: its content after the length field. An
// empty one ends the section.
bool OpenEntry(const MappedBytes& section, const unsigned char* start,
               CfiReader* entry) {
  CfiReader header(start, section.end);
  if (start < section.begin || start > section.end) return false;
  uint64_t bytes = header.U32();
  if (bytes == 0xffffffff) bytes = header.U64();
  if (!header.is_valid() || bytes < 4) return false;
  const unsigned char* content = header.position();
  header.Skip(bytes);
  if (!header.is_valid()) return false;
  *entry = CfiReader(content, header.position());
  return true;
}

struct SearchTable {
  const unsigned char* rows;
  uint64_t count;
  size_t field_bytes;
  uint8_t encoding;
  uintptr_t data_base;
  const unsigned char* section_end;

  uintptr_t Field(uint64_t row, int field) const {
    CfiReader reader(rows + (row * 2 + field) * field_bytes, section_end);
    return reader.Pointer(encoding, data_base);
  }
};

// The last row whose function starts at or before `address`.
const unsigned char* SearchFde(const SearchTable& table, uintptr_t address) {
  uint64_t low = 0;
  uint64_t high = table.count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (table.Field(middle, 0) <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return nullptr;
  return reinterpret_cast<const unsigned char*>(table.Field(low - 1, 1));
}

bool Covers(const FrameDescription& description, uintptr_t address) {
  return address >= description.pc_begin && address < description.pc_end;
}

bool ScanForFde(const MappedBytes& section, const unsigned char* first,
                uintptr_t address, FrameDescription* description) {
  CfiReader entry(first, first);
  for (int i = 0; i < kMostEntriesScanned; ++i) {
    if (!OpenEntry(section, first, &entry)) return false;
    CfiReader content = entry;
    if (content.U32() != 0 &&
        ReadFrameDescription(section, first, description) &&
        Covers(*description, address)) {
      return true;
    }
    first = entry.end();
  }
  return false;
}

}  // namespace

uint64_t CfiReader::Uleb() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const uint64_t byte = U8();
    if (shift < 64) value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  is_valid_ = false;
  return 0;
}

int64_t CfiReader::Sleb() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const uint64_t byte = U8();
    if (shift < 64) value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      if ((byte & 0x40) != 0 && shift + 7 < 64) {
        value |= ~uint64_t{0} << (shift + 7);
      }
      return static_cast<int64_t>(value);
    }
  }
  is_valid_ = false;
  return 0;
}

void CfiReader::Skip(uint64_t bytes) {
  if (!is_valid_ || bytes > static_cast<uint64_t>(end_ - at_)) {
    is_valid_ = false;
    return;
  }
  at_ += bytes;
}

uintptr_t CfiReader::Pointer(uint8_t encoding, uintptr_t data_base) {
  if (encoding == kOmitted) return 0;
  if ((encoding & kOriginMask) == kAligned) {
    const uintptr_t here = reinterpret_cast<uintptr_t>(at_);
    Skip(((here + 7) & ~uintptr_t{7}) - here);
    return U64();
  }
  const uintptr_t here = reinterpret_cast<uintptr_t>(at_);
  uint64_t value = 0;
  switch (encoding & kFormatMask) {
    case kAbsolute8:
    case kUdata8:
    case kSdata8:
      value = U64();
      break;
    case kUleb:
      value = Uleb();
      break;
    case kSleb:
      value = static_cast<uint64_t>(Sleb());
      break;
    case kUdata2:
      value = U16();
      break;
    case kSdata2:
      value = static_cast<uint64_t>(int64_t{static_cast<int16_t>(U16())});
      break;
    case kUdata4:
      value = U32();
      break;
    case kSdata4:
      value = static_cast<uint64_t>(int64_t{static_cast<int32_t>(U32())});
      break;
    default:
      is_valid_ = false;
  }
  if (value == 0) return 0;
  switch (encoding & kOriginMask) {
    case 0:
      return value;
    case kFromHere:
      return value + here;
    case kFromData:
      return value + data_base;
    default:
      is_valid_ = false;
      return 0;
  }
}

bool ReadFrameDescription(const MappedBytes& section, const unsigned char* fde,
                          FrameDescription* description) {
  CfiReader entry(fde, fde);
  if (!OpenEntry(section, fde, &entry)) return false;
  const unsigned char* link = entry.position();
  const uint32_t distance = entry.U32();
  if (distance == 0 || distance > static_cast<size_t>(link - section.begin)) {
    return false;
  }
  CfiReader cie_entry(fde, fde);
  if (!OpenEntry(section, link - distance, &cie_entry)) return false;
  if (cie_entry.U32() != 0) return false;
  Cie cie = {description, false};
  if (!ReadCie(cie_entry, &cie)) return false;

  const uint8_t encoding = description->pointer_encoding;
  description->pc_begin = entry.Pointer(encoding, 0);
  const uint64_t range = entry.Pointer(encoding & kFormatMask, 0);
  if (!entry.is_valid() || range > UINTPTR_MAX - description->pc_begin) {
    return false;
  }
  description->pc_end = description->pc_begin + range;
  if (cie.has_augmentation_data) entry.Skip(entry.Uleb());
  description->instructions = {entry.position(), entry.end()};
  return entry.is_valid();
}

bool FindFrameDescription(const LoadedObject& object, uintptr_t address,
                          FrameDescription* description) {
  MappedBytes segment;
  const uintptr_t start = reinterpret_cast<uintptr_t>(object.eh_frame_header);
  if (start == 0 || !ReadableSegmentAt(object, start, &segment)) return false;
  CfiReader header(object.eh_frame_header, segment.end);
  if (header.U8() != 1) return false;
  const uint8_t section_encoding = header.U8();
  const uint8_t count_encoding = header.U8();
  const uint8_t table_encoding = header.U8();
  const uintptr_t section_start = header.Pointer(section_encoding, start);
  MappedBytes section;
  if (!header.is_valid() ||
      !ReadableSegmentAt(object, section_start, &section)) {
    return false;
  }
  const size_t field_bytes = FixedBytes(table_encoding);
  if (count_encoding == kOmitted || table_encoding == kOmitted ||
      field_bytes == 0) {
    return ScanForFde(section,
                      reinterpret_cast<const unsigned char*>(section_start),
                      address, description);
  }
  SearchTable table = {nullptr,     header.Pointer(count_encoding, start),
                       field_bytes, table_encoding,
                       start,       segment.end};
  table.rows = header.position();
  if (!header.is_valid() ||
      table.count >
          static_cast<size_t>(segment.end - table.rows) / (field_bytes * 2)) {
    return false;
  }
  const unsigned char* fde = SearchFde(table, address);
  return fde != nullptr && ReadFrameDescription(section, fde, description) &&
         Covers(*description, address);
}

}  // namespace heapline
