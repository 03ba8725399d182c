// raw_call.h: a raw system call's result in the C library's manner, for hooks
// that make the call themselves because the next function is not known yet.
// Defined in process_hooks.cc, with C linkage for its assembler's sake.
// Thread-safe; sets the calling thread's errno.
#ifndef HEAPLINE_PRELOAD_RAW_CALL_H_
#define HEAPLINE_PRELOAD_RAW_CALL_H_

namespace heapline {

// `result` when it is no error, else -1 with errno set.
extern "C" __attribute__((visibility("hidden"))) long heapline_finish_raw_call(
    long result);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_RAW_CALL_H_
