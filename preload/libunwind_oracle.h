// libunwind_oracle.h: call stacks as libunwind sees them, for check=N and
// unwinder=libunwind. The library is loaded by name into a scope of its own
// (RTLD_LOCAL), only where an option asks for it: linked to the shim it would
// take over the program's exception handling. It takes locks and makes system
// calls: a diagnostic, not a part of the steady state. What it allocates is
// not recorded. Thread-safe.
#ifndef HEAPLINE_PRELOAD_LIBUNWIND_ORACLE_H_
#define HEAPLINE_PRELOAD_LIBUNWIND_ORACLE_H_

#include "preload/thread_state.h"

namespace heapline {

// Loads libunwind.so.8. False, with one line said, where it is missing. Not on
// the allocation path: takes the loader's lock.
bool LoadLibunwind();
bool LibunwindIsLoaded();

// The calling thread's stack, innermost first: the frames of the shim itself
// stand at its front. Returns how many addresses were written; 0: none, or
// `thread` is inside libunwind already.
int LibunwindBacktrace(ThreadState* thread, void** addresses, int capacity);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LIBUNWIND_ORACLE_H_
