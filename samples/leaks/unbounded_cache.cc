// Expect: unbounded_cache.cc:24 blocks=600 bytes=614400 growth=300
// Fixed: blocks=32 bytes=32768 growth=0
//
// A cache whose keys never repeat: each look-up misses and adds. A snapshot is
// cut half-way, so that two of them show the growth. The fix forgets the oldest
// page once there are 32.
#include <heapline/heapline.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "keep.h"

struct Page {
  char bytes[1024];
};

static std::map<int, std::unique_ptr<Page>> cache;

static const Page* Find(int key) {
  std::unique_ptr<Page>& entry = cache[key];
  if (entry == nullptr) {
    entry = std::make_unique<Page>();  // the line to be named
  }
  const Page* page = entry.get();
#ifdef FIXED
  if (cache.size() > 32) cache.erase(cache.begin());
#endif
  return page;
}

int main() {
  for (int request = 0; request < 600; ++request) {
    if (request == 300) heapline_snapshot("half-way");
    Keep(Find(request));
  }
  std::quick_exit(0);  // as a service ends: the cache is live
}
