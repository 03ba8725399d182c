// leaked_blocks.cc: linked into a program, says on standard error at its end
// how many blocks its runtimes have leaked; nothing where there is none. A
// pool's arena is given back with what is in it: no judge of malloc sees that
// leak.
#include <cinttypes>
#include <cstdio>

#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

struct AtEnd {
  ~AtEnd() {
    const uint64_t leaked = Runtime::leaked_blocks();
    if (leaked != 0)
      fprintf(stderr, "leaked: %" PRIu64 " blocks of a runtime\n", leaked);
  }
};
const AtEnd at_end;

}  // namespace
}  // namespace runtime
