// cfi_bytes.h: builds .eh_frame sections byte by byte for tests. A section
// holds one CIE and one FDE; addresses are absolute, so it may stand anywhere.
#ifndef HEAPLINE_TESTS_UNIT_CFI_BYTES_H_
#define HEAPLINE_TESTS_UNIT_CFI_BYTES_H_

#include <stdint.h>

#include <string>
#include <vector>

#include "preload/cfi_rules.h"

namespace heapline {

using Bytes = std::vector<unsigned char>;

// The function that the FDE describes.
inline constexpr uintptr_t kFunction = 0x401000;
inline constexpr uintptr_t kFunctionBytes = 0x100;

struct CieForm {
  std::string augmentation = "zR";
  Bytes augmentation_data = {0x00};  // R: absolute, 8 bytes
  int version = 1;
  // What compilers put there: CFA = rsp + 8, rip at CFA - 8.
  Bytes instructions = {0x0c, 7, 8, 0x90, 1};
};

struct BuiltSection {
  Bytes bytes;
  size_t fde_offset;
};

class SectionBuilder {
 public:
  static BuiltSection Build(const CieForm& form, const Bytes& program) {
    BuiltSection section;
    Bytes cie;
    Append32(&cie, 0);  // a CIE
    cie.push_back(static_cast<unsigned char>(form.version));
    for (char letter : form.augmentation) cie.push_back(letter);
    cie.push_back(0);
    if (form.version == 4) {
      cie.push_back(8);
      cie.push_back(0);
    }
    cie.push_back(1);     // code alignment
    cie.push_back(0x78);  // data alignment -8
    cie.push_back(16);    // return address register
    const bool has_data = !form.augmentation.empty();
    if (has_data) {
      cie.push_back(static_cast<unsigned char>(form.augmentation_data.size()));
      Append(&cie, form.augmentation_data);
    }
    Append(&cie, form.instructions);
    AppendEntry(&section.bytes, cie);
    section.fde_offset = section.bytes.size();
    Bytes fde;
    Append32(&fde, static_cast<uint32_t>(section.fde_offset + 4));
    Append64(&fde, kFunction);
    Append64(&fde, kFunctionBytes);
    if (has_data) fde.push_back(0);
    Append(&fde, program);
    AppendEntry(&section.bytes, fde);
    Append32(&section.bytes, 0);
    return section;
  }

 private:
  static void Append(Bytes* out, const Bytes& more) {
    out->insert(out->end(), more.begin(), more.end());
  }
  static void Append32(Bytes* out, uint32_t value) {
    for (int i = 0; i < 4; ++i) out->push_back(value >> (8 * i));
  }
  static void Append64(Bytes* out, uint64_t value) {
    for (int i = 0; i < 8; ++i) out->push_back(value >> (8 * i));
  }
  static void AppendEntry(Bytes* out, Bytes content) {
    while (content.size() % 4 != 0) content.push_back(0);
    Append32(out, static_cast<uint32_t>(content.size()));
    Append(out, content);
  }
};

// The rule that `program` gives `offset` bytes into the function.
inline Rule RuleAt(const BuiltSection& section, uintptr_t offset) {
  const unsigned char* begin = section.bytes.data();
  return RuleFromEhFrame(begin, begin + section.bytes.size(),
                         begin + section.fde_offset, kFunction + offset);
}
inline Rule RuleAt(const Bytes& program, uintptr_t offset) {
  return RuleAt(SectionBuilder::Build(CieForm(), program), offset);
}

}  // namespace heapline

#endif  // HEAPLINE_TESTS_UNIT_CFI_BYTES_H_
