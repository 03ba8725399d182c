#include "tests/fuzz/hostile_object.h"

#include <elf.h>
#include <sys/mman.h>

#include <cstring>

#include "tests/fuzz/fuzz_check.h"

namespace heapline {
namespace {

constexpr size_t kPage = 4096;
constexpr uintptr_t kTablesEnd = kObject + 2 * kPage;
constexpr size_t kMostRows = 8;

void MapAt(uintptr_t address, size_t bytes, int protection) {
  void* const wanted = reinterpret_cast<void*>(address);
  void* const mapped =
      mmap(wanted, bytes, protection,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  FUZZ_CHECK(mapped == wanted, "the object's addresses are free");
}

void WriteElfHeader() {
  auto* const header = reinterpret_cast<Elf64_Ehdr*>(kObject);
  std::memcpy(header->e_ident, ELFMAG, SELFMAG);
  header->e_phentsize = sizeof(Elf64_Phdr);
  header->e_phoff = sizeof(Elf64_Ehdr);
  header->e_phnum = 2;
  auto* const segments = reinterpret_cast<Elf64_Phdr*>(header + 1);
  segments[0].p_type = PT_LOAD;
  segments[0].p_flags = PF_R;
  segments[0].p_vaddr = 0;
  segments[0].p_filesz = segments[0].p_memsz = kTablesEnd - kObject;
  segments[1].p_type = PT_LOAD;
  segments[1].p_flags = PF_R | PF_X;
  segments[1].p_vaddr = kCode - kObject;
  segments[1].p_filesz = segments[1].p_memsz = kPage;
}

void Put32(unsigned char** at, uintptr_t value) {
  const uint32_t low = static_cast<uint32_t>(value);
  std::memcpy(*at, &low, sizeof(low));
  *at += sizeof(low);
}

}  // namespace

HostileObject::HostileObject() {
  MapAt(kObject, 2 * kPage, PROT_READ | PROT_WRITE);
  MapAt(kTablesEnd, kPage, PROT_NONE);
  MapAt(kCode, kPage, PROT_READ);
  MapAt(kCode + kPage, kPage, PROT_NONE);
  MapAt(kStack - kPage, kPage, PROT_NONE);
  MapAt(kStack, kPage, PROT_READ | PROT_WRITE);
  MapAt(kStack + kPage, kPage, PROT_NONE);
  WriteElfHeader();
  object_.start = kObject;
  object_.end = kCode + kPage;
  object_.load_bias = static_cast<intptr_t>(kObject);
  object_.name = "hostile";
}

void HostileObject::SetTables(const uint8_t* bytes, size_t count,
                              SearchHeader header) {
  auto* const end = reinterpret_cast<unsigned char*>(kTablesEnd);
  unsigned char* const begin = end - count;
  if (count > 0) std::memcpy(begin, bytes, count);
  section_ = {begin, end};
  if (header == SearchHeader::kHostile) {
    object_.eh_frame_header = begin;
    return;
  }
  // {1, section from here in 4 bytes, count, rows}, the rows relative to it.
  constexpr size_t kMostHeaderBytes = 12 + kMostRows * 8;
  unsigned char* at = begin - kMostHeaderBytes;
  const uintptr_t start = reinterpret_cast<uintptr_t>(at);
  object_.eh_frame_header = at;
  const bool has_rows = header == SearchHeader::kRows && count >= kMostRows;
  *at++ = 1;
  *at++ = 0x1b;
  *at++ = has_rows ? 0x03 : 0xff;
  *at++ = has_rows ? 0x3b : 0xff;
  Put32(&at,
        reinterpret_cast<uintptr_t>(begin) - reinterpret_cast<uintptr_t>(at));
  Put32(&at, kMostRows);
  for (size_t row = 0; row < kMostRows; ++row) {
    // Where each row's FDE is stands in the section's last bytes.
    Put32(&at, kCode + row * 4 - start);
    Put32(&at, reinterpret_cast<uintptr_t>(begin) +
                   size_t{end[-1 - static_cast<int>(row)]} * 4 - start);
  }
}

}  // namespace heapline
