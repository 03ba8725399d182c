// file_kind.h: what a file that is no snapshot looks like, so that an error
// can say it and what to do about it. Looks at the first bytes only.
// Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_FILE_KIND_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_FILE_KIND_H_

#include <string>

#include "absl/types/span.h"

namespace heapline {

struct FileKind {
  const char* what;    // "an ELF program or library"
  const char* remedy;  // "give the snapshot that …"
};

FileKind LooksLike(absl::Span<const unsigned char> bytes);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_FILE_KIND_H_
