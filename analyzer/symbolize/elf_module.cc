#include "analyzer/symbolize/elf_module.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace heapline {
namespace {

// Real ones are a few MiB; what it unpacks to is not known beforehand.
constexpr uint64_t kMaxCompressedSymbolBytes = uint64_t{16} << 20;

std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xedb88320u : 0u);
    table[byte] = remainder;
  }
  return table;
}

absl::Status NotOpened(const std::string& path, absl::string_view found) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", found));
}

// Files that the kernel makes up say that they are regular.
bool IsMadeUpByKernel(const std::string& path) {
  struct statfs system;
  return statfs(path.c_str(), &system) == 0 &&
         (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC ||
          system.f_type == DEBUGFS_MAGIC || system.f_type == TRACEFS_MAGIC);
}

// Opening alone does something to some devices and to whoever waits at a pipe.
absl::Status CheckBeforeOpening(const std::string& path) {
  struct stat status;
  // Why it cannot be opened is open's to say.
  if (stat(path.c_str(), &status) != 0) return absl::OkStatus();
  if (!S_ISREG(status.st_mode)) return NotOpened(path, "not a regular file");
  if (IsMadeUpByKernel(path)) return NotOpened(path, "no file on disk");
  return absl::OkStatus();
}

}  // namespace

ElfModule::ElfModule(int descriptor, std::string path)
    : descriptor_(descriptor), path_(std::move(path)) {}

ElfModule::~ElfModule() {
  if (elf_ != nullptr) elf_end(elf_);
  close(descriptor_);
}

absl::StatusOr<std::unique_ptr<ElfModule>> ElfModule::Open(
    const std::string& path) {
  if (path.find('\0') != std::string::npos)
    return absl::NotFoundError("its path holds a zero byte");
  const absl::Status status = CheckBeforeOpening(path);
  if (!status.ok()) return status;
  const int descriptor =
      open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) {
    const absl::string_view reason = strerror(errno);
    if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError(reason);
    return absl::PermissionDeniedError(reason);
  }
  return Adopt(descriptor, path);
}

absl::StatusOr<std::unique_ptr<ElfModule>> ElfModule::Adopt(
    int descriptor, const std::string& path) {
  std::unique_ptr<ElfModule> module(new ElfModule(descriptor, path));
  struct stat status;
  if (fstat(descriptor, &status) != 0) return NotOpened(path, strerror(errno));
  if (!S_ISREG(status.st_mode)) return NotOpened(path, "not a regular file");
  if (elf_version(EV_CURRENT) == EV_NONE)
    return NotOpened(path, "the installed libelf is too old");
  module->elf_ = elf_begin(descriptor, ELF_C_READ_MMAP, nullptr);
  GElf_Ehdr header;
  if (module->elf_ == nullptr || elf_kind(module->elf_) != ELF_K_ELF ||
      gelf_getehdr(module->elf_, &header) == nullptr) {
    return NotOpened(path, "not an ELF file");
  }
  const void* build_id = nullptr;
  const ssize_t build_id_bytes =
      dwelf_elf_gnu_build_id(module->elf_, &build_id);
  if (build_id_bytes > 0 &&
      static_cast<size_t>(build_id_bytes) <= kMaxBuildIdBytes) {
    module->build_id_.assign(static_cast<const char*>(build_id),
                             static_cast<size_t>(build_id_bytes));
  }
  return module;
}

uint64_t ElfModule::SectionBytes(absl::string_view name) const {
  size_t names_index = 0;
  if (elf_getshdrstrndx(elf_, &names_index) != 0) return 0;
  for (Elf_Scn* section = elf_nextscn(elf_, nullptr); section != nullptr;
       section = elf_nextscn(elf_, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr ||
        header.sh_type == SHT_NOBITS || header.sh_size == 0) {
      continue;
    }
    const char* found = elf_strptr(elf_, names_index, header.sh_name);
    if (found != nullptr && name == found) return header.sh_size;
  }
  return 0;
}

bool ElfModule::HasDebugInformation() const {
  return SectionBytes(".debug_info") > 0 || SectionBytes(".zdebug_info") > 0;
}

bool ElfModule::HasSymbolTable() const { return SectionBytes(".symtab") > 0; }

bool ElfModule::HasCompressedSymbolTable() const {
  const uint64_t bytes = SectionBytes(".gnu_debugdata");
  return bytes > 0 && bytes <= kMaxCompressedSymbolBytes;
}

DebugLink ElfModule::GnuDebugLink() const {
  DebugLink link;
  GElf_Word crc = 0;
  const char* name = dwelf_elf_gnu_debuglink(elf_, &crc);
  // A name with a slash could lead out of the folders that are searched.
  if (name == nullptr || *name == '\0' || strchr(name, '/') != nullptr)
    return link;
  link.file_name = name;
  link.crc = crc;
  return link;
}

absl::StatusOr<uint32_t> ElfModule::FileCrc() const {
  static const std::array<uint32_t, 256> table = MakeCrcTable();
  std::vector<unsigned char> buffer(size_t{1} << 20);
  uint32_t crc = 0xffffffffu;
  for (off_t offset = 0;;) {
    const ssize_t count =
        pread(descriptor_, buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return NotOpened(path_, strerror(errno));
    if (count == 0) return crc ^ 0xffffffffu;
    for (ssize_t i = 0; i < count; ++i)
      crc = table[(crc ^ buffer[static_cast<size_t>(i)]) & 0xff] ^ (crc >> 8);
    offset += count;
  }
}

std::string BuildIdText(absl::string_view build_id) {
  return absl::BytesToHexString(build_id);
}

}  // namespace heapline
