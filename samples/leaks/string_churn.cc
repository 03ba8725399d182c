// Expect: string_churn.cc:17 sort=total total_blocks=5000 total_bytes=10175000
// Fixed: total_blocks=0 total_bytes=0
//
// Nothing leaks, but each line of a long text is built by copying all before
// it: quadratic work in the allocator. Live bytes never show it; the totals do.
// The fix reserves once and appends.
#include <string>

#include "keep.h"

static const char kWord[] = "word";

#ifndef FIXED
static __attribute__((noinline)) std::string Appended(const std::string& text,
                                                      const char* word) {
  std::string longer;
  longer.reserve(text.size() + 4);  // the line to be named
  longer.append(text);
  longer.append(word);
  return longer;
}
#endif

int main() {
  for (int document = 0; document < 5; ++document) {
    std::string text("A title of more than 16 letters.");
#ifdef FIXED
    text.reserve(8192);
    for (int word = 0; word < 1000; ++word) text.append(kWord);
#else
    for (int word = 0; word < 1000; ++word) text = Appended(text, kWord);
#endif
    Keep(text.data());
  }
  return 0;
}
