#include "preload/lookup_order.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/message.h"
#include "preload/next.h"

namespace heapline {
namespace {

// What an object exports, as its dynamic section says.
struct Exports {
  const Elf64_Sym* symbols;
  const char* names;
  const uint32_t* gnu_hash;
  const uint32_t* sysv_hash;
};

// The loader turns the section's offsets into addresses, but not where the
// section is read-only (the vDSO's).
template <typename Type>
const Type* Address(const link_map& object, const Elf64_Dyn& entry) {
  const uintptr_t value = entry.d_un.d_ptr;
  return reinterpret_cast<const Type*>(
      value < object.l_addr ? object.l_addr + value : value);
}

Exports ExportsOf(const link_map& object) {
  Exports exports = {};
  for (const Elf64_Dyn* entry = object.l_ld; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_SYMTAB:
        exports.symbols = Address<Elf64_Sym>(object, *entry);
        break;
      case DT_STRTAB:
        exports.names = Address<char>(object, *entry);
        break;
      case DT_GNU_HASH:
        exports.gnu_hash = Address<uint32_t>(object, *entry);
        break;
      case DT_HASH:
        exports.sysv_hash = Address<uint32_t>(object, *entry);
        break;
      default:
        break;
    }
  }
  return exports;
}

// A reference is no definition, though it may have a value: the address of the
// stub that stands for the function in a program that is not
// position-independent.
bool IsDefinition(const Exports& exports, uint32_t index, const char* name) {
  const Elf64_Sym& symbol = exports.symbols[index];
  return symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0 &&
         Equal(exports.names + symbol.st_name, name);
}

// Buckets lead to runs of symbols; a hash with its lowest bit set ends a run.
bool DefinesByGnuHash(const Exports& exports, const char* name) {
  uint32_t hash = 5381;
  for (const char* at = name; *at != '\0'; ++at) {
    hash = hash * 33 + static_cast<unsigned char>(*at);
  }
  const uint32_t bucket_count = exports.gnu_hash[0];
  const uint32_t first_hashed = exports.gnu_hash[1];
  const uint32_t bloom_words = exports.gnu_hash[2];  // of 64 bits
  if (bucket_count == 0) return false;
  const uint32_t* buckets = exports.gnu_hash + 4 + size_t{2} * bloom_words;
  const uint32_t* hashes = buckets + bucket_count;
  uint32_t index = buckets[hash % bucket_count];
  if (index < first_hashed) return false;  // an empty bucket
  for (;; ++index) {
    const uint32_t found = hashes[index - first_hashed];
    if ((found | 1) == (hash | 1) && IsDefinition(exports, index, name)) {
      return true;
    }
    if ((found & 1) != 0) return false;
  }
}

bool DefinesBySysvHash(const Exports& exports, const char* name) {
  const uint32_t symbol_count = exports.sysv_hash[1];
  for (uint32_t index = 1; index < symbol_count; ++index) {
    if (IsDefinition(exports, index, name)) return true;
  }
  return false;
}

bool Defines(const link_map& object, const char* name) {
  const Exports exports = ExportsOf(object);
  if (exports.symbols == nullptr || exports.names == nullptr) return false;
  if (exports.gnu_hash != nullptr) return DefinesByGnuHash(exports, name);
  return exports.sysv_hash != nullptr && DefinesBySysvHash(exports, name);
}

}  // namespace

const char* DefinerBefore(const char* symbol) {
  const auto* loader = static_cast<const r_debug*>(FindSymbol("_r_debug"));
  if (loader == nullptr) return nullptr;
  for (const link_map* object = loader->r_map;
       object != nullptr && object->l_ld != _DYNAMIC; object = object->l_next) {
    if (object->l_ld != nullptr && Defines(*object, symbol)) {
      return object->l_name == nullptr ? "" : object->l_name;
    }
  }
  return nullptr;
}

}  // namespace heapline
