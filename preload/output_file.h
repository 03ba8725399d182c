// output_file.h: a snapshot's file: written under a temporary name in its own
// directory, then renamed without replacing, so that a file that has its name
// is whole and none is overwritten. Mode 0600, no link is followed, the
// directory is made (0700) if missing and refused where others could exchange
// its files. Raw system calls; async-signal-safe; one owner.
#ifndef HEAPLINE_PRELOAD_OUTPUT_FILE_H_
#define HEAPLINE_PRELOAD_OUTPUT_FILE_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/process_facts.h"

namespace heapline {

class OutputFile {
 public:
  // Opens the temporary file. 0, or -errno with *what naming the step.
  // `own_descriptors`: the caller's table is its own copy (the snapshot's
  // child); else descriptors below 3 are kept free.
  // `temporary_path`, of kPathBytes, has the file's whole name from before it
  // exists: whoever outlives the writer can remove it.
  enum class Descriptors { kOwn, kShared };
  long Open(Descriptors descriptors, uint64_t sequence, char* temporary_path,
            const char** what);

  int descriptor() const { return descriptor_; }

  // Gives the file the name for `sequence`. -EEXIST: that name is taken.
  long Publish(uint64_t sequence, const char** what);
  // Removes the temporary file. Close is part of both outcomes.
  void Discard();
  void Close();

  // The final name, valid after Publish succeeded; absolute.
  const char* path() const { return path_; }

 private:
  long OpenDirectory(uint64_t sequence, const char** what);
  long Flush() const;                 // 0, or what became of the bytes written
  int Settle(long descriptor) const;  // moved above 2 where need be

  Descriptors descriptors_ = Descriptors::kOwn;
  int directory_ = -1;
  int descriptor_ = -1;
  char path_[kPathBytes];  // while writing: the directory
  char name_[256];
  char temporary_[256];
};

// The next number from `from` on under which no snapshot of this process
// stands. Asked before the stop; REQUIRES the snapshot lock.
uint64_t NextFreeSequence(uint64_t from);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_OUTPUT_FILE_H_
