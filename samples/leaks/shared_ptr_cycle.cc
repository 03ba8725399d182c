// Expect: shared_ptr_cycle.cc:21 blocks=1000 bytes=288000
// Fixed: blocks=0 bytes=0
//
// Two objects hold each other by shared_ptr: each keeps the other's count above
// zero for ever. The fix makes the way back a weak_ptr.
#include <memory>

#include "keep.h"

struct Person {
  std::shared_ptr<Person> partner;
#ifdef FIXED
  std::weak_ptr<Person> back;
#else
  std::shared_ptr<Person> back;
#endif
  char biography[240];
};

static __attribute__((noinline)) std::shared_ptr<Person> Make() {
  return std::make_shared<Person>();  // the line to be named
}

static void Marry() {
  const std::shared_ptr<Person> one = Make();
  const std::shared_ptr<Person> other = Make();
  one->partner = other;
  other->back = one;
  Keep(one.get());
}

int main() {
  for (int pair = 0; pair < 500; ++pair) Marry();
  return 0;
}
