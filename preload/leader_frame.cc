#include "preload/leader_frame.h"

#include "preload/cfi_program.h"
#include "preload/cut_stack.h"
#include "preload/eh_frame.h"
#include "preload/loaded_object.h"
#include "preload/modules.h"
#include "preload/next.h"
#include "preload/readable_memory.h"
#include "preload/stack_walk.h"

namespace heapline {
namespace {

// More frames than any program has: a walk must end.
constexpr int kMostFrames = 1 << 20;

uintptr_t exit_function;
uintptr_t quick_exit_function;

constexpr uint32_t kNumbers[kCalleeSaved] = {kDwarfRbx,     kDwarfRbp,
                                             kDwarfR12,     kDwarfR12 + 1,
                                             kDwarfR12 + 2, kDwarfR12 + 3};

// Frames outwards from the one that called CallOnCutStack, with the
// callee-saved registers as each of them has them.
class FrameWalk {
 public:
  explicit FrameWalk(uintptr_t sp) {
    const auto* saved = reinterpret_cast<const CutStackFrame*>(sp);
    const uintptr_t values[kCalleeSaved] = {saved->rbx, saved->rbp, saved->r12,
                                            saved->r13, saved->r14, saved->r15};
    for (size_t i = 0; i < kCalleeSaved; ++i) {
      registers_[i] = {kNumbers[i], values[i]};
    }
    walk_ = BeginWalk(
        {saved->return_address, sp + sizeof(CutStackFrame), saved->rbp, false},
        &window_, nullptr);
  }

  uintptr_t pc() const { return walk_.registers.pc; }
  bool is_whole() const { return walk_.state == WalkState::kWhole; }

  // False: this was the outermost frame, or no further one can be found.
  bool Step() {
    const uintptr_t from = pc();
    if (!StepOutwards(&walk_) || walk_.state != WalkState::kMore) return false;
    RecoverRegisters(from);
    registers_[1].value = walk_.registers.bp;
    return true;
  }

  LeaderFrame frame() const {
    LeaderFrame found = {LeaderFrame::Kind::kFound, walk_.registers.sp, {}};
    for (size_t i = 0; i < kCalleeSaved; ++i) {
      found.registers[i] = registers_[i];
    }
    return found;
  }

 private:
  // By what the function at `from`, just left, had saved of its caller's.
  void RecoverRegisters(uintptr_t from) {
    LoadedObject object;
    FrameDescription description;
    if (!FindLoadedObject(from - 1, &object) ||
        !FindFrameDescription(object, from - 1, &description)) {
      return;
    }
    for (RegisterValue& saved : registers_) {
      int64_t offset;
      uintptr_t place;
      if (!FindSavedRegister(description, from - 1, saved.number, &offset)) {
        continue;
      }
      place = walk_.registers.sp + static_cast<uintptr_t>(offset);
      if (MakeReadable(&window_, place)) {
        __builtin_memcpy(&saved.value, reinterpret_cast<const void*>(place),
                         sizeof saved.value);
      }
    }
  }

  ReadableWindow window_ = {};
  StackWalk walk_;
  RegisterValue registers_[kCalleeSaved];
};

bool IsExit(uintptr_t pc) {
  const uintptr_t function = FunctionStart(pc);
  return function != 0 &&
         (function == exit_function || function == quick_exit_function);
}

// Whether nothing of the program is left on the stack from `walk`'s frame
// outwards: libc's start code, and where it began.
bool MainHasReturned(FrameWalk walk) {
  const uintptr_t libc = ModuleStart(exit_function);
  if (ModuleStart(walk.pc() - 1) != libc) return false;
  while (walk.Step()) {
    if (ModuleStart(walk.pc() - 1) == libc) continue;
    walk.Step();
    return walk.is_whole();
  }
  return walk.is_whole();
}

}  // namespace

void InitializeLeaderFrame() {
  exit_function = reinterpret_cast<uintptr_t>(FindSymbol("exit"));
  quick_exit_function = reinterpret_cast<uintptr_t>(FindSymbol("quick_exit"));
}

LeaderFrame FindProgramFrame(uintptr_t sp) {
  FrameWalk walk(sp);
  for (int i = 0; i < kMostFrames; ++i) {
    if (!IsHiddenFrame(walk.pc())) return walk.frame();
    if (!walk.Step()) break;
  }
  return {LeaderFrame::Kind::kUnknown, sp, {}};
}

LeaderFrame FindExitFrame(uintptr_t sp) {
  FrameWalk walk(sp);
  for (int i = 0; i < kMostFrames; ++i) {
    const bool is_exit = IsExit(walk.pc());
    if (!walk.Step()) break;
    if (!is_exit) continue;
    if (MainHasReturned(walk)) return {LeaderFrame::Kind::kNone, 0, {}};
    return walk.frame();
  }
  return FindProgramFrame(sp);
}

}  // namespace heapline
