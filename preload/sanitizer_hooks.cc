// AddressSanitizer's runtime ends a program in which any library is loaded
// before it. We step aside in such a program, and our hooks forward to the
// runtime's, so that is no harm: the runtime asks here for its defaults. (A
// program that defines this function itself is asked instead of us.)
#include "preload/next.h"

extern "C" __attribute__((visibility("default"))) const char*
__asan_default_options() {
  return "verify_asan_link_order=0";
}
