#include "preload/section_writer.h"

#include <errno.h>
#include <unistd.h>

#include "preload/message.h"
#include "preload/pages.h"
#include "preload/sys.h"

namespace heapline {
namespace {

constexpr size_t kBufferBytes = sizeof(HlSectionHeader) + (1 << 20);

}  // namespace

bool SectionWriter::Initialize(int descriptor) {
  static_assert(kBufferBytes == sizeof(HlSectionHeader) + kPayloadBytes, "");
  descriptor_ = descriptor;
  buffer_ =
      static_cast<unsigned char*>(MapPages(kBufferBytes, PageUse::kEssential));
  return buffer_ != nullptr;
}

void SectionWriter::Release() {
  if (buffer_ != nullptr) UnmapPages(buffer_, kBufferBytes);
  buffer_ = nullptr;
}

void SectionWriter::Write(const void* bytes, size_t count) {
  const char* at = static_cast<const char*>(bytes);
  int interrupted = 0;
  while (count > 0 && error_ == 0) {
    const long done = sys::Write(descriptor_, at, count);
    if (done == -EINTR && ++interrupted < sys::kMostTries) continue;
    if (done < 0) {
      error_ = done;
    } else if (done == 0) {
      error_ = -5;  // EIO: a device that takes nothing
    } else {
      at += done;
      count -= static_cast<size_t>(done);
      bytes_written_ += static_cast<uint64_t>(done);
    }
  }
}

void SectionWriter::WriteFileHeader() {
  HlFileHeader header = {};
  __builtin_memcpy(header.magic, HL_MAGIC, HL_MAGIC_BYTES);
  header.version = HL_FORMAT_VERSION;
  header.header_bytes = sizeof header;
  header.architecture = HL_ARCH_X86_64;
  header.pointer_bytes = sizeof(void*);
  SealFileHeader(&header);
  Write(&header, sizeof header);
}

void SectionWriter::Begin(uint32_t id) {
  id_ = id;
  records_ = 0;
  at_ = payload();
}

void SectionWriter::Text(const char* bytes, size_t count) {
  Number(count);
  __builtin_memcpy(at_, bytes, count);
  at_ += count;
}

void SectionWriter::End() {
  const size_t used = static_cast<size_t>(at_ - payload());
  if (used == 0) return;
  HlSectionHeader header = {};
  header.id = id_;
  header.encoding = HL_ENCODING_PLAIN;
  header.stored_bytes = used;
  header.plain_bytes = used;
  header.record_count = records_;
  header.checksum = SectionChecksum(header, payload());
  __builtin_memcpy(buffer_, &header, sizeof header);
  Write(buffer_, sizeof header + used);
  ++sections_;
  at_ = payload();
}

void SectionWriter::Join(const SectionWriter& other) {
  sections_ += other.sections_;
  bytes_written_ += other.bytes_written_;
  if (error_ == 0) error_ = other.error_;
}

void SectionWriter::GoBackTo(uint64_t bytes, uint64_t sections) {
  if (error_ != 0) return;
  long result = sys::Call(SYS_ftruncate, descriptor_, sys::Arg(bytes));
  if (!sys::Failed(result)) {
    result = sys::Call(SYS_lseek, descriptor_, sys::Arg(bytes), SEEK_SET);
  }
  if (sys::Failed(result)) error_ = result;
  bytes_written_ = bytes;
  sections_ = sections;
}

void PutNumberProperty(SectionWriter* out, uint32_t id, uint64_t value) {
  out->MakeRoom(2 * kVarintBytes);
  out->Number(uint64_t{id} << 1);
  out->Number(value);
  out->CountRecord();
}

void PutTextProperty(SectionWriter* out, uint32_t id, const char* text,
                     size_t count) {
  if (count > HL_MAX_PATH_BYTES) count = HL_MAX_PATH_BYTES;
  out->MakeRoom(2 * kVarintBytes + count);
  out->Number(uint64_t{id} << 1 | 1);
  out->Text(text, count);
  out->CountRecord();
}

void PutTextProperty(SectionWriter* out, uint32_t id, const char* text) {
  PutTextProperty(out, id, text, Length(text));
}

}  // namespace heapline
