#include "preload/modules.h"

#include <fcntl.h>

#include "heapline/snapshot_format.h"
#include "preload/cfi_rules.h"
#include "preload/loaded_object.h"
#include "preload/message.h"
#include "preload/pages.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// A program that loads more distinct libraries than this has those beyond it
// listed as unknown.
constexpr size_t kMostModules = 8192;
constexpr size_t kPathBytes = 4096;
constexpr size_t kArenaBytes = size_t{64} << 10;

Module* modules[kMostModules];
size_t module_count;

// Records and paths, cut from chunks one after the other. What two threads
// noting the same module make twice is lost.
struct Arena {
  size_t used;
  unsigned char bytes[kArenaBytes - sizeof(size_t)];
};
Arena* arena;

void* Allocate(size_t bytes) {
  bytes = (bytes + 15) & ~size_t{15};
  for (;;) {
    Arena* current = __atomic_load_n(&arena, __ATOMIC_ACQUIRE);
    if (current != nullptr) {
      const size_t at =
          __atomic_fetch_add(&current->used, bytes, __ATOMIC_RELAXED);
      if (at + bytes <= sizeof(current->bytes)) return &current->bytes[at];
    }
    auto* fresh =
        static_cast<Arena*>(MapPages(sizeof(Arena), PageUse::kEssential));
    if (fresh == nullptr) return nullptr;
    if (!__atomic_compare_exchange_n(&arena, &current, fresh, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
      UnmapPages(fresh, sizeof(Arena));
    }
  }
}

struct Identity {
  unsigned char build_id[sizeof(Module::build_id)];
  size_t build_id_bytes;
};

Identity IdentityOf(const LoadedObject& object) {
  Identity identity = {};
  identity.build_id_bytes =
      ReadBuildId(object, identity.build_id, sizeof(identity.build_id));
  return identity;
}

bool EndsWith(const char* text, const char* tail) {
  const size_t bytes = Length(text);
  const size_t tail_bytes = Length(tail);
  return bytes >= tail_bytes && Equal(text + bytes - tail_bytes, tail);
}

// By build-id; where there is none, by the loader's name for it.
bool IsSame(const Module& module, const LoadedObject& object,
            const Identity& identity) {
  if (module.start != object.start || module.end != object.end ||
      module.build_id_bytes != identity.build_id_bytes) {
    return false;
  }
  if (identity.build_id_bytes != 0) {
    return __builtin_memcmp(module.build_id, identity.build_id,
                            identity.build_id_bytes) == 0;
  }
  return object.name[0] == 0 || EndsWith(module.path, object.name);
}

bool Overlaps(const Module& module, const LoadedObject& object) {
  return module.start < object.end && object.start < module.end;
}

bool IsVdso(const LoadedObject& object) {
  return StartsWith(object.name, "linux-vdso") ||
         StartsWith(object.name, "linux-gate");
}

// Cuts the kernel's mark off the name of a file that was deleted.
size_t WithoutDeletedMark(char* path, size_t bytes) {
  path[bytes] = 0;
  static const char kMark[] = " (deleted)";
  if (EndsWith(path, kMark)) bytes -= sizeof(kMark) - 1;
  path[bytes] = 0;
  return bytes;
}

size_t ExecutablePath(char* path) {
  if (tracer.calls_restricted) return 0;
  const long bytes =
      sys::Call(SYS_readlinkat, AT_FDCWD, sys::Arg("/proc/self/exe"),
                sys::Arg(path), kPathBytes - 1);
  return sys::Failed(bytes)
             ? 0
             : WithoutDeletedMark(path, static_cast<size_t>(bytes));
}

// The loader keeps a name as it was asked for: one that is not absolute counts
// from the directory the program was in then, most likely the present one.
size_t AbsolutePath(const char* name, char* path) {
  size_t used = 0;
  if (name[0] != '/' && !tracer.calls_restricted) {
    const long bytes = sys::Call(SYS_getcwd, sys::Arg(path), kPathBytes / 2);
    if (!sys::Failed(bytes) && bytes > 1) {
      used = static_cast<size_t>(bytes) - 1;
      if (path[used - 1] != '/') path[used++] = '/';
    }
  }
  return used + CopyText(path + used, kPathBytes - used, name);
}

size_t ProgramPath(char* path) {
  const char* name = NameGivenToLoader();
  return name == nullptr ? ExecutablePath(path) : AbsolutePath(name, path);
}

// A copy of the object's path in memory of ours. One working buffer for all:
// who finds it taken (a handler inside this very function, or another thread)
// does with the loader's bare name.
const char* CopyPath(const LoadedObject& object) {
  static char buffer[kPathBytes];
  static uint32_t taken;
  const char* path = object.name;
  size_t bytes = Length(path);
  const bool is_mine = __atomic_exchange_n(&taken, 1, __ATOMIC_ACQUIRE) == 0;
  if (is_mine) {
    buffer[0] = 0;
    if (object.name[0] == 0) {
      bytes = ProgramPath(buffer);
    } else if (!IsVdso(object)) {
      bytes = AbsolutePath(object.name, buffer);
    } else {
      bytes = CopyText(buffer, sizeof(buffer), "[vdso]");
    }
    path = buffer;
  }
  auto* copy = static_cast<char*>(Allocate(bytes + 1));
  if (copy != nullptr) CopyText(copy, bytes + 1, path);
  if (is_mine) __atomic_store_n(&taken, 0, __ATOMIC_RELEASE);
  return copy;
}

Module* MakeModule(const LoadedObject& object, const Identity& identity) {
  auto* module = static_cast<Module*>(Allocate(sizeof(Module)));
  if (module == nullptr) return nullptr;
  module->start = object.start;
  module->end = object.end;
  module->load_bias = object.load_bias;
  module->flags = 0;
  if (IsVdso(object)) module->flags |= HL_MODULE_VDSO;
  if (object.name[0] == 0) module->flags |= HL_MODULE_MAIN;
  module->build_id_bytes = static_cast<uint8_t>(identity.build_id_bytes);
  __builtin_memcpy(module->build_id, identity.build_id,
                   identity.build_id_bytes);
  module->path = CopyPath(object);
  return module->path == nullptr ? nullptr : module;
}

void MarkUnloaded(Module* module) {
  const uint32_t before =
      __atomic_fetch_or(&module->flags, HL_MODULE_UNLOADED, __ATOMIC_ACQ_REL);
  if ((before & HL_MODULE_UNLOADED) == 0) {
    ForgetRules(module->start, module->end);
  }
}

bool IsMarkedUnloaded(const Module& module) {
  return (__atomic_load_n(&module.flags, __ATOMIC_ACQUIRE) &
          HL_MODULE_UNLOADED) != 0;
}

// Goes through the modules from *index on. Finds `object` among them, or NULL;
// others that stand in its way are marked as unloaded, and *generation is
// raised above theirs.
Module* FindNoted(const LoadedObject& object, const Identity& identity,
                  size_t* index, uint32_t* generation) {
  for (; *index < kMostModules; ++*index) {
    Module* module = __atomic_load_n(&modules[*index], __ATOMIC_ACQUIRE);
    if (module == nullptr) return nullptr;
    if (!Overlaps(*module, object)) continue;
    if (IsSame(*module, object, identity)) return module;
    MarkUnloaded(module);
    if (module->generation >= *generation) {
      *generation = module->generation + 1u;
    }
  }
  return nullptr;
}

// Rules made while the range held no module say so; they are void now.
const Module* Loaded(const Module* module) {
  ForgetRules(module->start, module->end);
  return module;
}

const Module* ComeBack(Module* module) {
  if (!IsMarkedUnloaded(*module)) return module;
  __atomic_fetch_and(&module->flags, ~uint32_t{HL_MODULE_UNLOADED},
                     __ATOMIC_ACQ_REL);
  return Loaded(module);
}

void CountPublished(size_t index) {
  size_t count = __atomic_load_n(&module_count, __ATOMIC_RELAXED);
  while (count <= index &&
         !__atomic_compare_exchange_n(&module_count, &count, index + 1, true,
                                      __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
}

// Enters a module that was not noted before: at the first free place, unless
// another thread does so meanwhile.
const Module* Append(const LoadedObject& object, const Identity& identity,
                     size_t index, uint32_t generation) {
  Module* fresh = MakeModule(object, identity);
  if (fresh == nullptr) return nullptr;
  while (index < kMostModules) {
    fresh->generation =
        static_cast<uint8_t>(generation < 255 ? generation : 255);
    Module* expected = nullptr;
    if (__atomic_compare_exchange_n(&modules[index], &expected, fresh, false,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      CountPublished(index);
      return Loaded(fresh);
    }
    Module* same = FindNoted(object, identity, &index, &generation);
    if (same != nullptr) return ComeBack(same);
  }
  return nullptr;
}

}  // namespace

bool InitializeModules() { return InitializeLoadedObjects(); }

const Module* NoteModuleAt(uintptr_t address) {
  LoadedObject object;
  if (!FindLoadedObject(address, &object)) return nullptr;
  const Identity identity = IdentityOf(object);
  size_t index = 0;
  uint32_t generation = 0;
  Module* noted = FindNoted(object, identity, &index, &generation);
  if (noted != nullptr) return ComeBack(noted);
  return Append(object, identity, index, generation);
}

void NoticeUnloads() {
  const size_t count = ModuleCount();
  for (size_t i = 0; i < count; ++i) {
    Module* module = modules[i];
    if (IsMarkedUnloaded(*module)) continue;
    LoadedObject object;
    if (!FindLoadedObject(module->start, &object) ||
        !IsSame(*module, object, IdentityOf(object))) {
      MarkUnloaded(module);
    }
  }
}

size_t ModuleCount() {
  return __atomic_load_n(&module_count, __ATOMIC_ACQUIRE);
}

const Module& ModuleAt(size_t index) {
  return *__atomic_load_n(&modules[index], __ATOMIC_ACQUIRE);
}

uintptr_t ModuleStart(uintptr_t address) {
  LoadedObject object;
  return FindLoadedObject(address, &object) ? object.start : 0;
}

}  // namespace heapline
