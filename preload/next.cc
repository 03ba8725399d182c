#include "preload/next.h"

#include <dlfcn.h>

#include "preload/message.h"
#include "preload/tracer.h"

namespace heapline {
namespace next {

#define HEAPLINE_INTERPOSED(result, name, parameters) result(*name) parameters;
#include "preload/interposed.def"

}  // namespace next

namespace {

struct Target {
  const char* name;
  void** pointer;
};

const Target targets[] = {
#define HEAPLINE_INTERPOSED(result, name, parameters) \
  {#name, reinterpret_cast<void**>(&next::name)},
#include "preload/interposed.def"
};

constexpr size_t kTargetCount = sizeof(targets) / sizeof(targets[0]);

char allocator_path[512];
void* next_malloc;  // to be published as next::malloc: the table's first row

// Start of the module that `address` lies in, NULL when it is in none.
const void* BaseOf(const void* address, const char** path) {
  Dl_info info = {};
  if (dladdr(address, &info) == 0) return nullptr;
  if (path != nullptr) *path = info.dli_fname;
  return info.dli_fbase;
}

// Whether the next operator new lies in a library named libstdc++… or libc++….
bool NewIsCxxRuntimes() {
  const char* path = nullptr;
  if (next::_Znwm == nullptr ||
      BaseOf(reinterpret_cast<const void*>(next::_Znwm), &path) == nullptr) {
    return false;
  }
  const char* name = path;
  for (const char* at = path; *at != 0; ++at) {
    if (*at == '/') name = at + 1;
  }
  return StartsWith(name, "libstdc++") || StartsWith(name, "libc++");
}

}  // namespace

bool ResolveNext() {
  // Nothing is published before all is found: the real malloc may start itself
  // up by functions that are in this table too.
  static void* found[kTargetCount];
  for (size_t i = 0; i < kTargetCount; ++i) {
    found[i] = dlsym(RTLD_NEXT, targets[i].name);
  }
  for (size_t i = kTargetCount - 1; i > 0; --i) {
    __atomic_store_n(targets[i].pointer, found[i], __ATOMIC_RELEASE);
  }
  next_malloc = found[0];
  ForgetLookupError();

  if (next_malloc == nullptr || next::free == nullptr ||
      next::calloc == nullptr || next::realloc == nullptr) {
    Say(Severity::kError,
        "no next malloc after libheapline.so in the lookup order: this "
        "process is not traced");
    return false;
  }
  const char* path = nullptr;
  const void* base = BaseOf(next_malloc, &path);
  if (path != nullptr) CopyText(allocator_path, sizeof allocator_path, path);
  if (base != nullptr &&
      base == BaseOf(reinterpret_cast<const void*>(&ResolveNext), nullptr)) {
    Say(Severity::kError,
        "the next malloc is libheapline.so again (preloaded twice?): this "
        "process is not traced");
    return false;
  }
  // A function that only the C library has: whose malloc is it?
  void* libc_only = dlsym(RTLD_NEXT, "gnu_get_libc_version");
  if (libc_only == nullptr) ForgetLookupError();
  tracer.next_is_libc =
      libc_only != nullptr && base == BaseOf(libc_only, nullptr);
  tracer.min_request = tracer.next_is_libc ? 0 : 32;
  tracer.next_new_is_runtime = NewIsCxxRuntimes();
  return true;
}

void EndBootstrap() {
  __atomic_store_n(targets[0].pointer, next_malloc, __ATOMIC_RELEASE);
}

void* FindSymbol(const char* name) {
  void* address = dlsym(RTLD_DEFAULT, name);
  if (address == nullptr) ForgetLookupError();
  return address;
}

void ForgetLookupError() { static_cast<void>(dlsym(RTLD_NEXT, "malloc")); }

const char* AllocatorPath() { return allocator_path; }

}  // namespace heapline
