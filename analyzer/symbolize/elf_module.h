// elf_module.h: one ELF file on disk, opened for its symbols or its debug
// information. Only regular files on disk are opened (what else a name leads to
// is not even opened to see that), never blocking; whatever the file holds is
// checked by libelf, so damaged files are errors or have less in them, never a
// crash.
//
// Owns the descriptor and the libelf handle; what libelf and libdw return for
// it lives as long as it does. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_ELF_MODULE_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_ELF_MODULE_H_

#include <libelf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace heapline {

// Build-ids are 20 bytes by habit; longer ones than this are not believed.
inline constexpr size_t kMaxBuildIdBytes = 64;

// The file and checksum that a .gnu_debuglink section names.
struct DebugLink {
  std::string file_name;  // a name, no path; "" for no section
  uint32_t crc = 0;
};

class ElfModule {
 public:
  static absl::StatusOr<std::unique_ptr<ElfModule>> Open(
      const std::string& path);
  // Takes `descriptor` over, also when it fails. `path` is for messages.
  static absl::StatusOr<std::unique_ptr<ElfModule>> Adopt(
      int descriptor, const std::string& path);
  ~ElfModule();
  ElfModule(const ElfModule&) = delete;
  ElfModule& operator=(const ElfModule&) = delete;

  const std::string& path() const { return path_; }
  Elf* elf() const { return elf_; }
  // Raw bytes; "" when the file has none.
  const std::string& build_id() const { return build_id_; }

  bool HasDebugInformation() const;       // .debug_info, compressed or not
  bool HasSymbolTable() const;            // .symtab
  bool HasCompressedSymbolTable() const;  // .gnu_debugdata
  DebugLink GnuDebugLink() const;

  // CRC-32 of the whole file, as .gnu_debuglink has it.
  absl::StatusOr<uint32_t> FileCrc() const;

 private:
  ElfModule(int descriptor, std::string path);
  // 0 where there is no such section, or it is not in this file.
  uint64_t SectionBytes(absl::string_view name) const;

  int descriptor_;
  std::string path_;
  Elf* elf_ = nullptr;
  std::string build_id_;
};

// Lower-case hexadecimal digits of a raw build-id.
std::string BuildIdText(absl::string_view build_id);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_ELF_MODULE_H_
