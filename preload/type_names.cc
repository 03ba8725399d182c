#include "preload/type_names.h"

#include "heapline/snapshot_format.h"
#include "preload/message.h"
#include "preload/pages.h"

namespace heapline {
namespace {

// Of PyObject and PyTypeObject, the same since CPython 3.0.
constexpr uintptr_t kTypeOffset = 8;
constexpr uintptr_t kNameOffset = 24;
constexpr uintptr_t kFlagsOffset = 168;
constexpr uintptr_t kIsSubclassOfType = uintptr_t{1} << 31;
// A class of a class of a class: more are not followed.
constexpr int kMostSteps = 6;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
// "weakref.ReferenceType", "method-wrapper".
bool IsOfName(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

}  // namespace

TypeNames::TypeNames(const MemoryMap& map)
    : words_(map),
      verdicts_(static_cast<Verdict*>(
          MapPages(kVerdicts * sizeof(Verdict), PageUse::kEssential))) {}

TypeNames::~TypeNames() {
  if (verdicts_ != nullptr) {
    UnmapPages(verdicts_, kVerdicts * sizeof(Verdict));
  }
}

void TypeNames::Note(uintptr_t object, uintptr_t type, size_t bytes) {
  if (verdicts_ == nullptr) return;
  Verdict* verdict = &verdicts_[(type >> 4) % kVerdicts];
  if (verdict->address != type) *verdict = Judge(type);
  if (verdict->makes_types && bytes >= kLeastTypeBytes) AddType(object);
}

TypeNames::Verdict TypeNames::Judge(uintptr_t address) {
  if (!IsType(address)) return {address, false};
  AddType(address);
  return {address, MakesTypes(address)};
}

void TypeNames::AddType(uintptr_t type) {
  if (types_.count() < kMostTypes) types_.Add(type, type + 1);
}

// Its type's type's ... type is `type`, and each of them makes types.
bool TypeNames::IsType(uintptr_t object) {
  for (int i = 0; i < kMostSteps; ++i) {
    uintptr_t type;
    if (!words_.TryRead(object + kTypeOffset, &type) || !MakesTypes(type)) {
      return false;
    }
    if (type == object) {
      char name[HL_MAX_TYPE_NAME_BYTES + 1];
      name[ReadName(type, name)] = '\0';
      return Equal(name, "type");
    }
    object = type;
  }
  return false;
}

bool TypeNames::MakesTypes(uintptr_t type) {
  uintptr_t flags;
  return words_.TryRead(type + kFlagsOffset, &flags) &&
         (flags & kIsSubclassOfType) != 0;
}

// Copies the name without its end; what is longer is cut. Returns its bytes;
// 0: it is none.
size_t TypeNames::ReadName(uintptr_t type, char* name) {
  uintptr_t at;
  if (!words_.TryRead(type + kNameOffset, &at)) return 0;
  for (size_t i = 0; i < HL_MAX_TYPE_NAME_BYTES; ++i, ++at) {
    if ((i == 0 || at % kPageBytes == 0) && !words_.ContainPageOf(at)) return 0;
    const char c = *reinterpret_cast<const char*>(at);
    if (c == '\0') return i;
    if (!(i == 0 ? IsLetter(c) : IsOfName(c))) return 0;
    name[i] = c;
  }
  return HL_MAX_TYPE_NAME_BYTES;
}

void TypeNames::Write(SectionWriter* out) {
  types_.Sort();
  out->Begin(HL_SECTION_TYPE_NAMES);
  for (size_t i = 0; i < types_.count(); ++i) {
    const uintptr_t type = types_.at(i).start;
    char name[HL_MAX_TYPE_NAME_BYTES];
    const size_t bytes = ReadName(type, name);
    if (bytes == 0) continue;
    out->MakeRoom(2 * kVarintBytes + HL_MAX_TYPE_NAME_BYTES);
    out->Number(type);
    out->Text(name, bytes);
    out->CountRecord();
  }
  out->End();
}

}  // namespace heapline
