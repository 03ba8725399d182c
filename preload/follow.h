// follow.h: option `follow`: which children are traced too. The first wrapped
// process always is; `follow` speaks of its children only.
//
//   all    forked copies and exec'ed programs
//   exec   exec'ed programs, not copies that never exec
//   none   neither
//   a,b*   those whose program name (file name of the executable, or the name
//          they were invoked by) matches one of the globs
//
// A program knows that it is a child because its parent has the shim mapped:
// the kernel's word (/proc/<parent>/maps), so the environment needs no mark.
#ifndef HEAPLINE_PRELOAD_FOLLOW_H_
#define HEAPLINE_PRELOAD_FOLLOW_H_

namespace heapline {

// At start. Reads the parent's maps only where `follow` may exclude us.
bool FollowsThisProgram();

// In a forked copy of a traced process.
bool FollowsForkedCopy();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_FOLLOW_H_
