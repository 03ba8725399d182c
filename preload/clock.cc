#include "preload/clock.h"

#include <elf.h>
#include <stddef.h>
#include <time.h>

#include "preload/message.h"
#include "preload/sys.h"

namespace heapline {
namespace {

using ClockGettime = int (*)(clockid_t, struct timespec*);
ClockGettime vdso_clock_gettime;

// Finds `name` in the vDSO's dynamic symbols. The vDSO comes from the kernel
// and is trusted. Layout: System V ABI, chapter 5.
void* FindInVdso(uintptr_t vdso, const char* name) {
  const Elf64_Ehdr* header = reinterpret_cast<const Elf64_Ehdr*>(vdso);
  const Elf64_Phdr* segments =
      reinterpret_cast<const Elf64_Phdr*>(vdso + header->e_phoff);
  uintptr_t bias = 0;
  const Elf64_Dyn* dynamic = nullptr;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0) {
      bias = vdso - segments[i].p_vaddr;
    }
    if (segments[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const Elf64_Dyn*>(vdso + segments[i].p_offset);
    }
  }
  if (dynamic == nullptr) return nullptr;
  const Elf64_Sym* symbols = nullptr;
  const char* names = nullptr;
  const uint32_t* hash = nullptr;
  const uint32_t* gnu_hash = nullptr;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    const uintptr_t value = dynamic->d_un.d_ptr + bias;
    if (dynamic->d_tag == DT_SYMTAB) {
      symbols = reinterpret_cast<const Elf64_Sym*>(value);
    } else if (dynamic->d_tag == DT_STRTAB) {
      names = reinterpret_cast<const char*>(value);
    } else if (dynamic->d_tag == DT_HASH) {
      hash = reinterpret_cast<const uint32_t*>(value);
    } else if (dynamic->d_tag == DT_GNU_HASH) {
      gnu_hash = reinterpret_cast<const uint32_t*>(value);
    }
  }
  if (symbols == nullptr || names == nullptr) return nullptr;
  // DT_HASH states the number of symbols; newer kernels have DT_GNU_HASH
  // alone, whose symbol table ends where the string table begins.
  size_t count = 0;
  if (hash != nullptr) {
    count = hash[1];
  } else if (gnu_hash != nullptr && reinterpret_cast<uintptr_t>(names) >
                                        reinterpret_cast<uintptr_t>(symbols)) {
    count = (reinterpret_cast<uintptr_t>(names) -
             reinterpret_cast<uintptr_t>(symbols)) /
            sizeof(Elf64_Sym);
  }
  for (size_t i = 1; i < count; ++i) {
    if (symbols[i].st_shndx != SHN_UNDEF &&
        Equal(names + symbols[i].st_name, name)) {
      return reinterpret_cast<void*>(symbols[i].st_value + bias);
    }
  }
  return nullptr;
}

uint64_t Read(clockid_t clock) {
  struct timespec now = {0, 0};
  if (vdso_clock_gettime == nullptr || vdso_clock_gettime(clock, &now) != 0) {
    sys::Call(SYS_clock_gettime, clock, sys::Arg(&now));
  }
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

void InitializeClock(uintptr_t vdso) {
  if (vdso == 0) return;
  vdso_clock_gettime =
      reinterpret_cast<ClockGettime>(FindInVdso(vdso, "__vdso_clock_gettime"));
}

uint64_t MonotonicNs() { return Read(CLOCK_MONOTONIC); }
uint64_t CoarseMonotonicNs() { return Read(CLOCK_MONOTONIC_COARSE); }
uint64_t RealtimeNs() { return Read(CLOCK_REALTIME); }

}  // namespace heapline
