#include "preload/loaded_object.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <sys/uio.h>

#include "preload/pages.h"
#include "preload/readable_memory.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

using FindObjectFunction = int (*)(void* address, dl_find_object* result);

FindObjectFunction find_object;

struct ProgramHeaders {
  const Elf64_Phdr* first;
  size_t count;
};

// The program's own, as the kernel tells. Where there are gaps between its
// segments the loader's answer is one segment alone, without the file's first
// page. `end` 0: not known.
struct {
  ProgramHeaders headers;
  uintptr_t start;
  uintptr_t end;
  uintptr_t load_bias;
  const char* name_given_to_loader;
} program;

void FindProgram() {
  char** entry = tracer.environment;
  if (entry == nullptr) return;
  while (*entry != nullptr) ++entry;
  const char* name = nullptr;
  uintptr_t loader_base = 0;
  for (const auto* value = reinterpret_cast<const Elf64_auxv_t*>(entry + 1);
       value->a_type != AT_NULL; ++value) {
    if (value->a_type == AT_PHDR) {
      program.headers.first =
          reinterpret_cast<const Elf64_Phdr*>(value->a_un.a_val);
    } else if (value->a_type == AT_EXECFN) {
      name = reinterpret_cast<const char*>(value->a_un.a_val);
    } else if (value->a_type == AT_BASE) {
      // Where the kernel put the loader: nowhere, if that is what it started.
      loader_base = value->a_un.a_val;
    } else if (value->a_type == AT_PHNUM) {
      program.headers.count = value->a_un.a_val;
    }
  }
  if (loader_base == 0) program.name_given_to_loader = name;
  const Elf64_Phdr* first = program.headers.first;
  if (first == nullptr) return;
  uintptr_t low = UINTPTR_MAX;
  uintptr_t high = 0;
  for (size_t i = 0; i < program.headers.count; ++i) {
    const uintptr_t segment_end = first[i].p_vaddr + first[i].p_memsz;
    if (first[i].p_type == PT_PHDR) {
      program.load_bias = reinterpret_cast<uintptr_t>(first) - first[i].p_vaddr;
    } else if (first[i].p_type == PT_LOAD) {
      if (first[i].p_vaddr < low) low = first[i].p_vaddr;
      if (segment_end > high) high = segment_end;
    }
  }
  if (low >= high) return;
  program.start = program.load_bias + (low & ~uintptr_t{kPageBytes - 1});
  program.end = program.load_bias + high;
}

bool IsProgram(const LoadedObject& object) {
  return program.end != 0 && object.start >= program.start &&
         object.end <= program.end &&
         static_cast<uintptr_t>(object.load_bias) == program.load_bias;
}

// Copies a few bytes of an object. One that another thread is just unloading
// may be found for a moment after its memory is gone, or go while it is read:
// the kernel copies without a fault. False: it is gone.
bool CopyBytes(uintptr_t from, void* to, size_t bytes) {
  if (!tracer.calls_restricted) {
    const struct iovec own = {to, bytes};
    const struct iovec other = {reinterpret_cast<void*>(from), bytes};
    const long copied = sys::Call(SYS_process_vm_readv, sys::GetPid(),
                                  sys::Arg(&own), 1, sys::Arg(&other), 1, 0);
    if (copied == static_cast<long>(bytes)) return true;
    // Where that call is not allowed a moment's uncertainty is left.
    if (copied != -ENOSYS && copied != -EPERM) return false;
    if (!KernelCanRead(from) || !KernelCanRead(from + bytes - 8)) return false;
  }
  __builtin_memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return true;
}

bool AreProgramHeaders(const Elf64_Ehdr& header) {
  return header.e_ident[EI_MAG0] == ELFMAG0 &&
         header.e_ident[EI_MAG1] == ELFMAG1 &&
         header.e_ident[EI_MAG2] == ELFMAG2 &&
         header.e_ident[EI_MAG3] == ELFMAG3 &&
         header.e_phentsize == sizeof(Elf64_Phdr) &&
         header.e_phoff <= kPageBytes && header.e_phoff % 8 == 0 &&
         header.e_phnum <= (kPageBytes - header.e_phoff) / sizeof(Elf64_Phdr);
}

// The headers as the file's first page shows them. No object has so many that
// they do not fit there.
bool FindProgramHeaders(const LoadedObject& object, ProgramHeaders* headers) {
  if (IsProgram(object)) {
    *headers = program.headers;
    return true;
  }
  if (object.end - object.start < kPageBytes) return false;
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(object.start);
  if (!AreProgramHeaders(*header)) return false;
  headers->first =
      reinterpret_cast<const Elf64_Phdr*>(object.start + header->e_phoff);
  headers->count = header->e_phnum;
  return true;
}

// [*begin, *end) of a segment's file bytes, cut to the object.
bool SegmentBytes(const LoadedObject& object, const Elf64_Phdr& segment,
                  uintptr_t* begin, uintptr_t* end) {
  *begin = static_cast<uintptr_t>(object.load_bias) + segment.p_vaddr;
  if (*begin < object.start || *begin >= object.end) return false;
  const uintptr_t room = object.end - *begin;
  *end = *begin + (segment.p_filesz < room ? segment.p_filesz : room);
  return true;
}

const Elf64_Phdr* SegmentAt(const LoadedObject& object,
                            const ProgramHeaders& headers, uintptr_t address,
                            uintptr_t* begin, uintptr_t* end) {
  for (size_t i = 0; i < headers.count; ++i) {
    const Elf64_Phdr& segment = headers.first[i];
    if (segment.p_type == PT_LOAD &&
        SegmentBytes(object, segment, begin, end) && address >= *begin &&
        address < *end) {
      return &segment;
    }
  }
  return nullptr;
}

bool IsBuildIdNote(const unsigned char* note) {
  const auto* header = reinterpret_cast<const Elf64_Nhdr*>(note);
  const unsigned char* name = note + sizeof(Elf64_Nhdr);
  return header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 &&
         name[0] == 'G' && name[1] == 'N' && name[2] == 'U' && name[3] == 0;
}

size_t BuildIdInNotes(uintptr_t begin, uintptr_t end, size_t alignment,
                      unsigned char* out, size_t capacity) {
  const auto padded = [alignment](size_t bytes) {
    return (bytes + alignment - 1) & ~(alignment - 1);
  };
  while (end - begin >= sizeof(Elf64_Nhdr) + 4) {
    const auto* note = reinterpret_cast<const unsigned char*>(begin);
    const auto* header = reinterpret_cast<const Elf64_Nhdr*>(note);
    const size_t left = end - begin - sizeof(Elf64_Nhdr);
    const size_t name_bytes = padded(header->n_namesz);
    if (name_bytes > left || header->n_descsz > left - name_bytes) return 0;
    if (IsBuildIdNote(note)) {
      const unsigned char* id = note + sizeof(Elf64_Nhdr) + name_bytes;
      size_t bytes = 0;
      for (; bytes < header->n_descsz && bytes < capacity; ++bytes) {
        out[bytes] = id[bytes];
      }
      return bytes;
    }
    const size_t value_bytes = padded(header->n_descsz);
    if (value_bytes > left - name_bytes) return 0;
    begin += sizeof(Elf64_Nhdr) + name_bytes + value_bytes;
  }
  return 0;
}

}  // namespace

bool InitializeLoadedObjects() {
  if (find_object == nullptr) {
    find_object = reinterpret_cast<FindObjectFunction>(
        dlsym(RTLD_DEFAULT, "_dl_find_object"));
    FindProgram();
  }
  return find_object != nullptr;
}

bool FindLoadedObject(uintptr_t address, LoadedObject* object) {
  dl_find_object found;
  if (find_object == nullptr ||
      find_object(reinterpret_cast<void*>(address), &found) != 0) {
    return false;
  }
  object->start = reinterpret_cast<uintptr_t>(found.dlfo_map_start);
  object->end = reinterpret_cast<uintptr_t>(found.dlfo_map_end);
  object->eh_frame_header =
      static_cast<const unsigned char*>(found.dlfo_eh_frame);
  object->load_bias = found.dlfo_link_map == nullptr
                          ? 0
                          : static_cast<intptr_t>(found.dlfo_link_map->l_addr);
  object->name =
      found.dlfo_link_map == nullptr || found.dlfo_link_map->l_name == nullptr
          ? ""
          : found.dlfo_link_map->l_name;
  if (IsProgram(*object)) {
    object->start = program.start;
    object->end = program.end;
  }
  return true;
}

const char* NameGivenToLoader() { return program.name_given_to_loader; }

bool ReadableSegmentAt(const LoadedObject& object, uintptr_t address,
                       MappedBytes* segment) {
  ProgramHeaders headers;
  uintptr_t begin;
  uintptr_t end;
  if (!FindProgramHeaders(object, &headers)) return false;
  const Elf64_Phdr* found = SegmentAt(object, headers, address, &begin, &end);
  if (found == nullptr || (found->p_flags & PF_R) == 0) return false;
  segment->begin = reinterpret_cast<const unsigned char*>(begin);
  segment->end = reinterpret_cast<const unsigned char*>(end);
  return true;
}

bool IsExecutableIn(const LoadedObject& object, uintptr_t address) {
  ProgramHeaders headers;
  uintptr_t begin;
  uintptr_t end;
  if (!FindProgramHeaders(object, &headers)) return true;
  const Elf64_Phdr* found = SegmentAt(object, headers, address, &begin, &end);
  return found != nullptr && (found->p_flags & PF_X) != 0;
}

size_t ReadBuildId(const LoadedObject& object, unsigned char* out,
                   size_t capacity) {
  // Notes before the build-id's take some tens of bytes.
  constexpr size_t kMostNoteBytes = 512;
  uintptr_t at = reinterpret_cast<uintptr_t>(program.headers.first);
  size_t count = program.headers.count;
  if (!IsProgram(object)) {
    Elf64_Ehdr header;
    if (object.end - object.start < kPageBytes ||
        !CopyBytes(object.start, &header, sizeof header) ||
        !AreProgramHeaders(header)) {
      return 0;
    }
    at = object.start + header.e_phoff;
    count = header.e_phnum;
  }
  for (size_t i = 0; i < count; ++i) {
    Elf64_Phdr notes;
    uintptr_t begin;
    uintptr_t end;
    if (!CopyBytes(at + i * sizeof notes, &notes, sizeof notes)) return 0;
    if (notes.p_type != PT_NOTE || !SegmentBytes(object, notes, &begin, &end)) {
      continue;
    }
    alignas(8) unsigned char copy[kMostNoteBytes];
    const size_t bytes = end - begin < sizeof copy ? end - begin : sizeof copy;
    if (bytes < 8 || !CopyBytes(begin, copy, bytes)) continue;
    const uintptr_t start = reinterpret_cast<uintptr_t>(copy);
    const size_t id_bytes = BuildIdInNotes(
        start, start + bytes, notes.p_align == 8 ? 8 : 4, out, capacity);
    if (id_bytes != 0) return id_bytes;
  }
  return 0;
}

}  // namespace heapline
