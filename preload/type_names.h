// type_names.h: names of CPython's types, for the section TYPE_NAMES. Blocks
// whose words look like an object, {count of references, type}, tell where
// types may be; what is one is known by its own type, and at last by `type`,
// which is its own. Of a type tp_name is kept, where it is an identifier, and
// nothing else.
//
// Type objects, the chain of their types and their names are the program's
// memory and may hold anything: each word is read only where the list of
// mappings and the kernel say that it can be read, and chains have an end.
// Where no `type` is met it costs a look-up for each word that points into a
// module right behind a count. One owner; runs where nobody else does.
#ifndef HEAPLINE_PRELOAD_TYPE_NAMES_H_
#define HEAPLINE_PRELOAD_TYPE_NAMES_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/memory_map.h"
#include "preload/range_list.h"
#include "preload/readable_words.h"
#include "preload/section_writer.h"

namespace heapline {

class TypeNames {
 public:
  // `map` must outlive this.
  explicit TypeNames(const MemoryMap& map);
  ~TypeNames();
  TypeNames(const TypeNames&) = delete;
  TypeNames& operator=(const TypeNames&) = delete;

  // What may be an object stands at `object`; `bytes` of its block lie from
  // there on. Its type would be at an address in a module, or in a block.
  void NoteTypedByModule(uintptr_t object, uintptr_t type, size_t bytes) {
    Note(object, type, bytes);
  }
  void NoteTypedByBlock(uintptr_t object, uintptr_t type, size_t bytes) {
    // The interpreter's own types come first: what it allocates at its start.
    if (types_.count() != 0 && bytes >= kLeastTypeBytes) {
      Note(object, type, bytes);
    }
  }

  // Writes TYPE_NAMES, each type once, by ascending address.
  void Write(SectionWriter* out);

 private:
  // PyTypeObject up to its flags, the last field that is looked at.
  static constexpr size_t kLeastTypeBytes = 176;
  static constexpr size_t kVerdicts = 1 << 12;
  static constexpr size_t kMostTypes = 1 << 18;

  struct Verdict {
    uintptr_t address;
    bool makes_types;  // its objects are types
  };

  void Note(uintptr_t object, uintptr_t type, size_t bytes);
  Verdict Judge(uintptr_t address);
  void AddType(uintptr_t type);
  bool IsType(uintptr_t object);
  bool MakesTypes(uintptr_t type);
  size_t ReadName(uintptr_t type, char* name);

  ReadableWords words_;
  Verdict* verdicts_;  // the last of those that share a slot
  RangeList types_;    // one byte each; sorted, and each once, when written
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_TYPE_NAMES_H_
