// raw_call.h: a raw system call's result in the C library's manner, for hooks
// that make the call themselves because the next function is not known yet.
// Defined in process_hooks.cc, with C linkage for its assembler's sake.
// Thread-safe; sets the calling thread's errno.
#ifndef HEAPLINE_PRELOAD_RAW_CALL_H_
#define HEAPLINE_PRELOAD_RAW_CALL_H_

#include <stdint.h>

namespace heapline {

// `result` when it is no error, else -1 with errno set.
extern "C" __attribute__((visibility("hidden"))) long heapline_finish_raw_call(
    long result);

// Stands in the four bytes below the stack pointer, over the call's number, in
// calls that the hook of syscall() hands on: how a handler that interrupted the
// call knows which it was.
inline constexpr uint32_t kRawCallMark = 0x686c7363;

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_RAW_CALL_H_
