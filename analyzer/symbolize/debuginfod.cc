#include "analyzer/symbolize/debuginfod.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace heapline {
namespace {

// The part of libdebuginfod's interface that is used, by its types.
struct Client;
struct Library {
  Client* (*begin)() = nullptr;
  int (*find_debuginfo)(Client*, const unsigned char*, int, char**) = nullptr;
  void (*end)(Client*) = nullptr;
  bool is_complete() const {
    return begin != nullptr && find_debuginfo != nullptr && end != nullptr;
  }
};

template <typename Function>
void Load(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, name));
}

Library LoadLibrary() {
  Library functions;
  // Never unloaded: curl leaves state behind that must not lose its code.
  void* library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return functions;
  Load(library, "debuginfod_begin", &functions.begin);
  Load(library, "debuginfod_find_debuginfo", &functions.find_debuginfo);
  Load(library, "debuginfod_end", &functions.end);
  return functions;
}

}  // namespace

std::unique_ptr<ElfModule> FetchDebugFile(absl::string_view build_id) {
  const char* servers = getenv("DEBUGINFOD_URLS");
  if (servers == nullptr || *servers == '\0') return nullptr;
  static const Library library = LoadLibrary();
  if (!library.is_complete()) return nullptr;
  Client* client = library.begin();
  if (client == nullptr) return nullptr;
  char* path = nullptr;
  const int descriptor = library.find_debuginfo(
      client, reinterpret_cast<const unsigned char*>(build_id.data()),
      static_cast<int>(build_id.size()), &path);
  const std::string found_path = path == nullptr ? "debuginfod" : path;
  free(path);
  library.end(client);
  if (descriptor < 0) return nullptr;
  absl::StatusOr<std::unique_ptr<ElfModule>> file =
      ElfModule::Adopt(descriptor, found_path);
  if (!file.ok() || (*file)->build_id() != build_id) return nullptr;
  return *std::move(file);
}

}  // namespace heapline
