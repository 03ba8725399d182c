// kept_files.h: which snapshot files of this process may be deleted when newer
// ones are there: automatic ones beyond `keep`, and all `peak` ones but the
// last. Only files noted here are ever deleted, and only while they are still
// the very file (device, inode) that was noted: another process may have taken
// the name since. Called by one thread at a time (the one that reaps a
// writer); guarded by a try-lock all the same.
#ifndef HEAPLINE_PRELOAD_KEPT_FILES_H_
#define HEAPLINE_PRELOAD_KEPT_FILES_H_

#include <stddef.h>

namespace heapline {

// The file is one more automatic one: at most `keep` of them remain (0: all).
void KeepNewest(const char* path, size_t keep);
// The file is the new mark of the peak: the one before goes.
void KeepAsPeak(const char* path);

// In a forked copy: the files are the parent's.
void ForgetKeptFiles();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_KEPT_FILES_H_
