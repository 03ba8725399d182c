// Expect: bounded_cache.cc:32 blocks=600 bytes=614400 growth=300
// Fixed: blocks=32 bytes=32768 growth=0
//
// A cache that has a bound and grows all the same: the oldest key is taken out
// of the order of use, but its page stays in the map. The fix erases both.
#include <heapline/heapline.h>

#include <cstdlib>
#include <list>
#include <map>
#include <memory>

#include "keep.h"

struct Page {
  char bytes[1024];
};

static std::map<int, std::unique_ptr<Page>> pages;
static std::list<int> order_of_use;

static const Page* Find(int key) {
  auto found = pages.find(key);
  if (found != pages.end()) return found->second.get();
  if (order_of_use.size() >= 32) {
#ifdef FIXED
    pages.erase(order_of_use.front());
#endif
    order_of_use.pop_front();
  }
  order_of_use.push_back(key);
  auto page = std::make_unique<Page>();  // the line to be named
  return pages.emplace(key, std::move(page)).first->second.get();
}

int main() {
  for (int request = 0; request < 600; ++request) {
    if (request == 300) heapline_snapshot("half-way");
    Keep(Find(request));
  }
  std::quick_exit(0);  // as a service ends: the cache is live
}
