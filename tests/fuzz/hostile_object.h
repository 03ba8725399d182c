// hostile_object.h: a loaded object and a stack as an attacker would have
// them, at addresses that are the same in every run:
//
//   kObject   ELF header | .eh_frame_hdr .eh_frame | no access
//   kCode     code that the tables speak of        | no access
//   kStack    no access | stack                    | no access
//
// The tables end where their mapping ends: one byte further faults. One at a
// time; not thread-safe.
#ifndef HEAPLINE_TESTS_FUZZ_HOSTILE_OBJECT_H_
#define HEAPLINE_TESTS_FUZZ_HOSTILE_OBJECT_H_

#include <cstddef>
#include <cstdint>

#include "preload/loaded_object.h"

namespace heapline {

inline constexpr uintptr_t kObject = uintptr_t{0x2000} << 32;
inline constexpr uintptr_t kCode = kObject + 0x10000;
inline constexpr uintptr_t kStack = kObject + 0x400000;
inline constexpr size_t kStackWords = 512;

// How the .eh_frame_hdr in front of the tables is made.
enum class SearchHeader {
  kNone,    // the object has no table to search: the section is read through
  kRows,    // rows in ascending order, each with an FDE that the input names
  kHostile  // the header is the input's, too
};

class HostileObject {
 public:
  // Maps everything. Stops the program where the addresses are taken.
  HostileObject();

  // Makes `bytes`, at most kMostTableBytes, the object's tables.
  void SetTables(const uint8_t* bytes, size_t count, SearchHeader header);
  static constexpr size_t kMostTableBytes = 3072;

  const LoadedObject& object() const { return object_; }
  // The .eh_frame section alone.
  const MappedBytes& section() const { return section_; }
  uintptr_t* stack() const { return reinterpret_cast<uintptr_t*>(kStack); }

 private:
  LoadedObject object_ = {};
  MappedBytes section_ = {};
};

}  // namespace heapline

#endif  // HEAPLINE_TESTS_FUZZ_HOSTILE_OBJECT_H_
