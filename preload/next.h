// next.h: next::name is the function that a call of `name` would have reached
// without us: the next definition in the program's lookup order, so that any
// other allocator keeps working. Resolved once by ResolveNext (dlsym), then
// constant. A pointer is NULL where there is no such function; the caller
// knows what to do then. Thread-safe after start.
#ifndef HEAPLINE_PRELOAD_NEXT_H_
#define HEAPLINE_PRELOAD_NEXT_H_

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

namespace heapline {
namespace next {

#pragma GCC visibility push(hidden)
#define HEAPLINE_INTERPOSED(result, name, parameters) \
  extern result(*name) parameters;
#include "preload/interposed.def"
#pragma GCC visibility pop

}  // namespace next

// Fills in every next::name but malloc. False, with one line said, when the
// allocator's own functions cannot be found or are ours again: the process is
// then not traced. Sets tracer.next_is_libc and min_request. Runs while the
// mode is kStarting: what dlsym allocates comes from the bootstrap arena.
bool ResolveNext();

// Publishes next::malloc. Until then what start itself makes the loader
// allocate comes from the bootstrap arena, not from the program's heap: that
// has the same blocks at the same places as without us.
void EndBootstrap();

// A symbol of the program by name, in its ordinary lookup order; NULL when
// there is none. At start only: takes the loader's lock.
void* FindSymbol(const char* name);

// Discards the error that a dlsym which found nothing left for the program's
// dlerror(), by one that finds something. Never dlerror() itself: it translates
// its text, and start may come while the caller's libc holds gettext's lock;
// that lock is then left busy for ever.
void ForgetLookupError();

// Path of the library whose malloc is called, for the header; "" before start.
const char* AllocatorPath();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_NEXT_H_
