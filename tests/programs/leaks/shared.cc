// shared.cc: objects that several own: std::shared_ptr and counts of their own,
// in rings, with and without a weak link.
#include <functional>
#include <memory>
#include <vector>

#include "case.h"

namespace {

struct Person {  // with its counts 56 bytes, 40 without
  std::shared_ptr<Person> friend_of;
  std::weak_ptr<Person> acquaintance;
  long payload = 1;
};

std::shared_ptr<Person> held;
std::weak_ptr<Person> watched;

CASE(held_shared_pointer, "reachable 1 56 by global") {
  held = std::make_shared<Person>();
}

CASE(held_shared_pointer_to_an_object_apart, "reachable 2 64 by global") {
  held.reset(new Person);
}

CASE(last_owner_gone, "nothing") {
  held = std::make_shared<Person>();
  held.reset();
}

CASE(lost_pair, "direct 2 112") {
  auto one = std::make_shared<Person>();
  one->friend_of = std::make_shared<Person>();
  one->friend_of->friend_of = one;
}

CASE(twenty_lost_pairs, "direct 40 2240") {
  for (int i = 0; i < 20; ++i) {
    auto one = std::make_shared<Person>();
    one->friend_of = std::make_shared<Person>();
    one->friend_of->friend_of = one;
  }
}

// Objects and counts are blocks of their own.
CASE(lost_pair_of_objects_apart, "direct 4 128") {
  std::shared_ptr<Person> one(new Person);
  one->friend_of.reset(new Person);
  one->friend_of->friend_of = one;
}

CASE(lost_ring_of_fifty, "direct 50 2800") {
  auto first = std::make_shared<Person>();
  auto last = first;
  for (int i = 1; i < 50; ++i) {
    last->friend_of = std::make_shared<Person>();
    last = last->friend_of;
  }
  last->friend_of = first;
}

CASE(owner_of_itself, "direct 1 56") {
  auto alone = std::make_shared<Person>();
  alone->friend_of = alone;
}

CASE(pair_with_a_weak_link, "nothing") {
  auto one = std::make_shared<Person>();
  one->friend_of = std::make_shared<Person>();
  one->friend_of->acquaintance = one;
}

CASE(held_pair_with_a_weak_link, "reachable 2 112 by global") {
  held = std::make_shared<Person>();
  held->friend_of = std::make_shared<Person>();
  held->friend_of->acquaintance = held;
}

// Its object is destroyed; the block stays until nobody watches any more.
CASE(block_kept_by_an_observer, "reachable 1 56 by global") {
  watched = std::make_shared<Person>();
}

CASE(lost_observer, "direct 1 16, indirect 1 56") {
  lose(new std::weak_ptr<Person>(std::make_shared<Person>()));
}

CASE(lost_pair_that_watches_a_third, "direct 2 112, indirect 1 56") {
  auto one = std::make_shared<Person>();
  one->friend_of = std::make_shared<Person>();
  one->friend_of->friend_of = one;
  one->acquaintance = std::make_shared<Person>();
}

struct Button {  // with its counts 56 bytes
  std::function<void()> on_click;
  long presses = 0;
};

CASE(closure_that_owns_its_owner, "direct 2 72") {
  auto button = std::make_shared<Button>();
  button->on_click = [button] { ++button->presses; };
}

CASE(closure_that_watches_its_owner, "nothing") {
  auto button = std::make_shared<Button>();
  const std::weak_ptr<Button> weak = button;
  button->on_click = [weak] { ++weak.lock()->presses; };
}

struct Session : std::enable_shared_from_this<Session> {
  std::vector<std::shared_ptr<Session>> pending;
  void Start() { pending.push_back(shared_from_this()); }
};

CASE(session_that_waits_for_itself, "direct 2 72") {
  std::make_shared<Session>()->Start();
}

// ---- A count of their own in each object.

class Counted {
 public:
  virtual ~Counted() = default;
  void Retain() { ++references_; }
  void Release() {
    if (--references_ == 0) delete this;
  }

 private:
  long references_ = 1;
};

struct Window : Counted {  // 40 bytes
  ~Window() override {
    if (child != nullptr) child->Release();
    if (owner != nullptr) owner->Release();
  }
  Window* child = nullptr;
  Window* owner = nullptr;   // counted
  Window* parent = nullptr;  // not counted
};

CASE(lost_pair_with_counts_of_its_own, "direct 2 80") {
  auto* window = new Window;
  window->child = new Window;
  window->child->owner = window;
  lose(window);
  window->Retain();
  window->Release();
}

CASE(pair_with_an_uncounted_parent_link, "nothing") {
  auto* window = new Window;
  window->child = new Window;
  window->child->parent = window;
  window->Release();
}

CASE(one_reference_too_many, "direct 1 40, indirect 1 40") {
  auto* window = new Window;
  window->child = new Window;
  lose(window);
  window->Retain();
  window->Release();
}

}  // namespace
