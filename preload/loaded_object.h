// loaded_object.h: what the loader has mapped around an address, asked of
// _dl_find_object (glibc 2.35: no lock, no allocation, async-signal-safe) and
// of the object's own ELF header. The function is looked up by name at start,
// so that the shim carries no version need for it. An answer points into the
// object and holds until the object is unloaded. Thread-safe.
#ifndef HEAPLINE_PRELOAD_LOADED_OBJECT_H_
#define HEAPLINE_PRELOAD_LOADED_OBJECT_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

struct LoadedObject {
  uintptr_t start;  // of the first mapped segment
  uintptr_t end;    // after the last
  intptr_t load_bias;
  const unsigned char* eh_frame_header;  // NULL: it has none
  const char* name;                      // the loader's; "" for the program
};

// Bytes that are mapped readable from the object's file.
struct MappedBytes {
  const unsigned char* begin;
  const unsigned char* end;
};

// False: this libc has no _dl_find_object; then no object is ever found.
bool InitializeLoadedObjects();

// False: no object covers `address`.
bool FindLoadedObject(uintptr_t address, LoadedObject* object);

// The program's name where it was given to the loader as an argument (ld.so
// ./program), and the kernel knows the loader only. NULL: it was not.
const char* NameGivenToLoader();

// The readable part of the object's segment that holds `address`. False: the
// object shows no ELF header, or no readable segment there.
bool ReadableSegmentAt(const LoadedObject& object, uintptr_t address,
                       MappedBytes* segment);

// Whether `address` lies in an executable segment of the object. True where
// the object shows no ELF header.
bool IsExecutableIn(const LoadedObject& object, uintptr_t address);

// Copies the object's build-id into out[0..capacity). Returns its length; 0:
// it has none.
size_t ReadBuildId(const LoadedObject& object, unsigned char* out,
                   size_t capacity);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LOADED_OBJECT_H_
