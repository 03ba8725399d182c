// section_writer.h: sections of a snapshot file: a payload is put together in
// one buffer, sealed with its checksum and written with one write call. A
// payload that fills up becomes a section and the next one of the same id
// begins. After the first failed write all further work is void and error()
// stays. One owner; raw system calls only.
#ifndef HEAPLINE_PRELOAD_SECTION_WRITER_H_
#define HEAPLINE_PRELOAD_SECTION_WRITER_H_

#include <stddef.h>
#include <stdint.h>

#include "heapline/snapshot_encoding.h"
#include "heapline/snapshot_format.h"

namespace heapline {

class SectionWriter {
 public:
  // Maps the buffer. False: no memory.
  bool Initialize(int descriptor);
  void Release();

  void WriteFileHeader();

  void Begin(uint32_t id);
  // Before each record of at most `bytes` (<= kMaxRecordBytes). True: a new
  // section has begun, delta bases are 0 again.
  bool MakeRoom(size_t bytes) {
    if (__builtin_expect(at_ + bytes <= payload() + kPayloadBytes, 1)) {
      return false;
    }
    End();
    Begin(id_);
    return true;
  }
  void Number(uint64_t value) { at_ = PutVarint(at_, value); }
  void Signed(int64_t value) { at_ = PutZigzag(at_, value); }
  void Text(const char* bytes, size_t count);
  void CountRecord() { ++records_; }
  // For records that come by millions: where the next one goes, and its end.
  unsigned char* at() const { return at_; }
  void EndRecord(unsigned char* end) {
    at_ = end;
    ++records_;
  }
  bool IsFirstOfSection() const { return at_ == payload(); }
  // Writes what was begun; an empty section is left out.
  void End();

  uint64_t sections() const { return sections_; }
  uint64_t bytes_written() const { return bytes_written_; }
  // Counts what another writer of the same file wrote as its own.
  void Join(const SectionWriter& other);
  // Forgets all after byte `bytes` of the file, of which `sections` sections.
  void GoBackTo(uint64_t bytes, uint64_t sections);
  long error() const { return error_; }

  static constexpr size_t kMaxRecordBytes = 16 << 10;

 private:
  static constexpr size_t kPayloadBytes = 1 << 20;
  static_assert(kPayloadBytes <= HL_MAX_SECTION_BYTES, "format");

  unsigned char* payload() const { return buffer_ + sizeof(HlSectionHeader); }
  void Write(const void* bytes, size_t count);

  int descriptor_ = -1;
  uint32_t id_ = 0;
  unsigned char* buffer_ = nullptr;
  unsigned char* at_ = nullptr;
  uint64_t records_ = 0;
  uint64_t sections_ = 0;
  uint64_t bytes_written_ = 0;
  long error_ = 0;
};

// {key, value} records of a PROPERTIES or END section that was begun.
void PutNumberProperty(SectionWriter* out, uint32_t id, uint64_t value);
void PutTextProperty(SectionWriter* out, uint32_t id, const char* text,
                     size_t count);
void PutTextProperty(SectionWriter* out, uint32_t id, const char* text);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SECTION_WRITER_H_
