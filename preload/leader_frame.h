// leader_frame.h: where the program itself stands under the thread that cuts:
// our own frames, and at exit those of libc's exit handlers, hold words that
// have nothing to say any more. The frames are walked by their CFI, and the
// callee-saved registers recovered as they were in the frame that is found.
//
// Runs in the snapshot's child, or in the stopped process itself.
#ifndef HEAPLINE_PRELOAD_LEADER_FRAME_H_
#define HEAPLINE_PRELOAD_LEADER_FRAME_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/thread_registers.h"

namespace heapline {

inline constexpr size_t kCalleeSaved = 6;

struct LeaderFrame {
  enum class Kind : uint8_t {
    kFound,
    kNone,    // main has returned: no frame of the program is left
    kUnknown  // the frames could not be walked
  };
  Kind kind;
  uintptr_t sp;
  RegisterValue registers[kCalleeSaved];
};

// Notes where exit() and quick_exit() are. Called once at start.
void InitializeLeaderFrame();

// `sp` is what CallOnCutStack told. The innermost frame that is not ours.
LeaderFrame FindProgramFrame(uintptr_t sp);
// The frame that called exit() or quick_exit(); where there is none on this
// stack (_exit), as FindProgramFrame.
LeaderFrame FindExitFrame(uintptr_t sp);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LEADER_FRAME_H_
