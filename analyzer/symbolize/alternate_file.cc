#include "analyzer/symbolize/alternate_file.h"

#include <elf.h>
#include <elfutils/libdwelf.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace heapline {
namespace {

// Debug information in which there is nothing: a section too short for a unit.
struct EmptyFile {
  Elf64_Ehdr header = {};
  Elf64_Shdr sections[3] = {};  // none, names, .debug_info
  char names[16] = "\0.debug_info";
  char debug_info[8] = {};
};

std::string EmptyImage() {
  EmptyFile file;
  const unsigned char identity[] = {ELFMAG0,    ELFMAG1,     ELFMAG2,   ELFMAG3,
                                    ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
  std::copy(std::begin(identity), std::end(identity), file.header.e_ident);
  file.header.e_type = ET_REL;
  file.header.e_machine = EM_X86_64;
  file.header.e_version = EV_CURRENT;
  file.header.e_ehsize = sizeof file.header;
  file.header.e_shoff = offsetof(EmptyFile, sections);
  file.header.e_shentsize = sizeof file.sections[0];
  file.header.e_shnum = 3;
  file.header.e_shstrndx = 1;
  file.sections[1].sh_type = SHT_STRTAB;
  file.sections[1].sh_offset = offsetof(EmptyFile, names);
  file.sections[1].sh_size = sizeof file.names;
  file.sections[2].sh_name = 1;
  file.sections[2].sh_type = SHT_PROGBITS;
  file.sections[2].sh_offset = offsetof(EmptyFile, debug_info);
  file.sections[2].sh_size = 1;
  return std::string(reinterpret_cast<const char*>(&file), sizeof file);
}

}  // namespace

AlternateFile::~AlternateFile() {
  if (dwarf_ != nullptr) dwarf_end(dwarf_);
  if (empty_dwarf_ != nullptr) dwarf_end(empty_dwarf_);
  if (empty_elf_ != nullptr) elf_end(empty_elf_);
}

void AlternateFile::Open(Dwarf* dwarf, const ElfModule& file,
                         const DebugFileSearch& search) {
  const char* name = nullptr;
  const void* build_id = nullptr;
  const ssize_t build_id_bytes =
      dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &build_id);
  if (build_id_bytes <= 0) return;
  file_ = search.FindAlternateFile(
      file.path(), name,
      absl::string_view(static_cast<const char*>(build_id),
                        static_cast<size_t>(build_id_bytes)));
  if (file_ != nullptr) {
    dwarf_ = dwarf_begin_elf(file_->elf(), DWARF_C_READ, nullptr);
  }
  MakeEmpty();
  if (dwarf_ == nullptr) {
    missing_name_ = name;
  } else if (empty_dwarf_ != nullptr) {
    // One that names another makes libdw look for that.
    dwarf_setalt(dwarf_, empty_dwarf_);
  }
  GiveTo(dwarf);
}

void AlternateFile::MakeEmpty() {
  empty_image_ = EmptyImage();
  empty_elf_ = elf_memory(&empty_image_[0], empty_image_.size());
  empty_dwarf_ = dwarf_begin_elf(empty_elf_, DWARF_C_READ, nullptr);
}

void AlternateFile::GiveTo(Dwarf* dwarf) const {
  if (Given() != nullptr) dwarf_setalt(dwarf, Given());
}

}  // namespace heapline
