#include "preload/thread_registers.h"

#include <sys/ucontext.h>

#include "preload/loaded_object.h"

namespace heapline {
namespace {

constexpr int kByDwarfNumber[kGeneralRegisters] = {
    REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
    REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
    REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

// What the kernel keeps behind fpregs: the FXSAVE area, in whose reserved end
// it says how much more follows; then the XSAVE header and the wider parts.
constexpr size_t kLowHalves = 160;
constexpr size_t kLowHalvesBytes = 16 * 16;
constexpr size_t kSoftwareBytes = 464;
constexpr size_t kExtended = 576;
constexpr uint32_t kMagic = 0x46505853;  // FP_XSTATE_MAGIC1
struct SoftwareBytes {
  uint32_t magic;
  uint32_t extended_bytes;
  uint64_t features;
  uint32_t state_bytes;
};
constexpr size_t kMostStateBytes = size_t{16} << 10;

// Whether the instruction before, or at, `pc` is a system call: one that
// returned early is made again.
bool IsAtSystemCall(uintptr_t pc) {
  LoadedObject object;
  MappedBytes code;
  if (!FindLoadedObject(pc, &object) || !ReadableSegmentAt(object, pc, &code)) {
    return false;
  }
  const auto* at = reinterpret_cast<const unsigned char*>(pc);
  const bool is_after =
      at - code.begin >= 2 && at[-2] == 0x0f && at[-1] == 0x05;
  const bool is_before = code.end - at >= 2 && at[0] == 0x0f && at[1] == 0x05;
  return is_after || is_before;
}

}  // namespace

void ReadGeneralRegisters(const void* ucontext, RegisterValue* out) {
  const greg_t* registers =
      static_cast<const ucontext_t*>(ucontext)->uc_mcontext.gregs;
  for (uint32_t i = 0; i < kGeneralRegisters; ++i) {
    out[i] = {i, static_cast<uintptr_t>(registers[kByDwarfNumber[i]])};
  }
}

bool FindVectorPart(const void* ucontext, int part, VectorPart* out) {
  const auto& context = static_cast<const ucontext_t*>(ucontext)->uc_mcontext;
  const auto* state = reinterpret_cast<const unsigned char*>(context.fpregs);
  if (state == nullptr ||
      IsAtSystemCall(static_cast<uintptr_t>(context.gregs[REG_RIP]))) {
    return false;
  }
  if (part == 0) {
    *out = {reinterpret_cast<const uintptr_t*>(state + kLowHalves),
            kLowHalvesBytes / sizeof(uintptr_t)};
    return true;
  }
  SoftwareBytes software;
  __builtin_memcpy(&software, state + kSoftwareBytes, sizeof software);
  if (software.magic != kMagic || software.state_bytes <= kExtended ||
      software.state_bytes > kMostStateBytes) {
    return false;
  }
  *out = {reinterpret_cast<const uintptr_t*>(state + kExtended),
          (software.state_bytes - kExtended) / sizeof(uintptr_t)};
  return true;
}

}  // namespace heapline
