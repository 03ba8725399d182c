// eh_frame.h: finds and reads the CIE and FDE that cover an address, and the
// encoded numbers they are made of. Method: LSB core 10.6 (.eh_frame,
// .eh_frame_hdr) and DWARF 5 §7.24. The bytes are hostile: each read is checked
// against the end of the section, each loop is bounded. No memory of its own,
// no system call. Thread-safe and async-signal-safe.
#ifndef HEAPLINE_PRELOAD_EH_FRAME_H_
#define HEAPLINE_PRELOAD_EH_FRAME_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/loaded_object.h"

namespace heapline {

// Reads forward through [at, end). The first read that does not fit, and every
// one after it, gives 0 and leaves is_valid() false.
class CfiReader {
 public:
  CfiReader(const unsigned char* begin, const unsigned char* end)
      : at_(begin), end_(end), is_valid_(begin <= end) {}

  bool is_valid() const { return is_valid_; }
  bool IsAtEnd() const { return !is_valid_ || at_ == end_; }
  const unsigned char* position() const { return at_; }
  const unsigned char* end() const { return end_; }

  uint8_t U8() { return Fixed<uint8_t>(); }
  uint16_t U16() { return Fixed<uint16_t>(); }
  uint32_t U32() { return Fixed<uint32_t>(); }
  uint64_t U64() { return Fixed<uint64_t>(); }
  uint64_t Uleb();
  int64_t Sleb();
  void Skip(uint64_t bytes);
  // A pointer in a DW_EH_PE_… encoding; the indirection bit is not followed.
  // `data_base` is what DW_EH_PE_datarel counts from.
  uintptr_t Pointer(uint8_t encoding, uintptr_t data_base);

  void Fail() { is_valid_ = false; }

 private:
  template <typename T>
  T Fixed() {
    if (!is_valid_ || static_cast<size_t>(end_ - at_) < sizeof(T)) {
      is_valid_ = false;
      return 0;
    }
    T value;
    __builtin_memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  const unsigned char* at_;
  const unsigned char* end_;
  bool is_valid_;
};

// An FDE together with what its CIE says.
struct FrameDescription {
  uintptr_t pc_begin;
  uintptr_t pc_end;
  uint64_t code_alignment;
  int64_t data_alignment;
  uint64_t return_address_register;
  uint8_t pointer_encoding;
  bool is_signal_frame;  // augmentation S
  MappedBytes initial_instructions;
  MappedBytes instructions;
};

// Reads the FDE at `fde` and its CIE, both inside `section`. False: damaged, or
// in a form that compilers do not emit.
bool ReadFrameDescription(const MappedBytes& section, const unsigned char* fde,
                          FrameDescription* description);

// The description that covers `address`, found through the object's
// .eh_frame_hdr. False: none does.
bool FindFrameDescription(const LoadedObject& object, uintptr_t address,
                          FrameDescription* description);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_EH_FRAME_H_
