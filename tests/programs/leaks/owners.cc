// owners.cc: what C++ owns blocks with: the standard library's containers,
// arrays, bases, closures, exceptions. Sizes are libstdc++'s.
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "case.h"

namespace {

constexpr char kLong[] = "a text too long to stand within the string itself";

template <typename T>
T* Used(T* object) {
  lose(object);
  return object;
}

// ---- Containers, lost as a whole: some point back at the object that owns
// them, and are rings with it.

CASE(lost_vector, "direct 1 24, indirect 1 400") {
  Used(new std::vector<int>(100));
}

CASE(lost_string, "direct 1 32, indirect 1 50") {
  Used(new std::string(kLong));
}

// It points at itself.
CASE(lost_short_string, "direct 1 32") { Used(new std::string("short")); }

CASE(lost_vector_of_strings, "direct 1 24, indirect 5 328") {
  Used(new std::vector<std::string>(4, kLong));
}

CASE(lost_list, "direct 11 264") { Used(new std::list<int>(10)); }

CASE(lost_map, "direct 11 448") {
  auto* map = Used(new std::map<int, int>);
  for (int i = 0; i < 10; ++i) (*map)[i] = i;
}

CASE(lost_set, "direct 11 448") {
  Used(new std::set<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
}

// One bucket points at the list's start, in the object; the nodes hang on.
CASE(lost_unordered_map, "direct 2 160, indirect 10 160") {
  auto* map = Used(new std::unordered_map<int, int>);
  for (int i = 0; i < 10; ++i) (*map)[i] = i;
}

CASE(lost_deque, "direct 1 80, indirect 3 1088") {
  Used(new std::deque<int>(200));
}

CASE(lost_map_of_strings, "direct 6 408, indirect 5 250") {
  auto* map = Used(new std::map<int, std::string>);
  for (int i = 0; i < 5; ++i) (*map)[i] = kLong;
}

CASE(lost_vector_of_unique_pointers, "direct 1 24, indirect 6 280") {
  auto* all = Used(new std::vector<std::unique_ptr<long[]>>(5));
  for (auto& one : *all) one.reset(new long[6]);
}

// ---- Containers that static data hold.

std::map<int, int> held_map;
std::list<int> held_list;
std::unordered_map<int, std::string> held_hash_map;
std::vector<std::unique_ptr<int>> held_pointers;
std::string held_string;
std::function<int()> held_function;

CASE(held_map_of_ten, "reachable 10 400 by global") {
  for (int i = 0; i < 10; ++i) held_map[i] = i;
}

CASE(held_standard_list, "reachable 10 240 by global") {
  held_list.assign(10, 1);
}

CASE(held_unordered_map, "reachable 11 594 by global") {
  for (int i = 0; i < 5; ++i) held_hash_map[i] = kLong;
}

CASE(held_unique_pointers, "reachable 11 120 by global") {
  held_pointers.reserve(10);
  for (int i = 0; i < 10; ++i) held_pointers.emplace_back(new int(i));
}

CASE(held_long_string, "reachable 1 50 by global") { held_string = kLong; }

CASE(erased_from_a_held_map, "reachable 9 360 by global") {
  for (int i = 0; i < 10; ++i) held_map[i] = i;
  held_map.erase(4);
}

CASE(cleared_containers, "nothing") {
  for (int i = 0; i < 10; ++i) held_map[i] = i;
  held_list.assign(10, 1);
  held_map.clear();
  held_list.clear();
}

CASE(lost_by_release_from_an_owner, "direct 1 4, reachable 1 8 by global") {
  held_pointers.emplace_back(new int(1));
  Used(held_pointers[0].release());
}

EXIT_CASE(freed_by_static_destructors, "nothing") {
  for (int i = 0; i < 10; ++i) held_map[i] = i;
  held_string = kLong;
}

// ---- Closures.

CASE(held_by_a_held_closure, "reachable 2 64 by global") {
  auto number = std::make_unique<long[]>(3);
  long* const bare = number.release();
  const long more[4] = {1, 2, 3, 4};
  held_function = [bare, more] { return static_cast<int>(*bare + more[0]); };
}

CASE(lost_with_its_closure, "direct 1 24") {
  long* const bare = Used(new long[3]);
  const long more[4] = {1, 2, 3, 4};
  held_function = [bare, more] { return static_cast<int>(*bare + more[0]); };
  held_function = nullptr;
}

// ---- Arrays of objects that must be destroyed: a count stands before them.

struct Part {
  ~Part() { lose(this); }
  long payload[3];
};
Part* volatile held_parts;

CASE(held_array_behind_its_cookie, "reachable 1 104 by global") {
  held_parts = new Part[4];
}

CASE(held_array_of_none, "reachable 1 8 by global") {
  held_parts = new Part[0];
}

CASE(lost_array_behind_its_cookie, "direct 1 104") { Used(new Part[4]); }

// ---- Bases.

struct First {
  virtual ~First() = default;
  long of_first = 1;
};
struct Second {
  virtual ~Second() = default;
  long of_second = 2;
};
struct Both : First, Second {
  long own = 3;
};
struct Plain {
  long of_plain = 4;
};
struct WithPlain : First, Plain {};
struct Shared : virtual First {
  long own = 5;
};
First* volatile held_first;
Second* volatile held_second;
Plain* volatile held_plain;

CASE(held_by_its_first_base, "reachable 1 40 by global") {
  held_first = new Both;
}

CASE(held_by_its_second_base, "reachable 1 40 by global") {
  held_second = new Both;
}

// Nothing in the block says that a base begins there.
CASE(held_by_a_base_without_a_vtable, "possible 1 24") {
  held_plain = new WithPlain;
}

CASE(held_by_its_virtual_base, "reachable 1 32 by global") {
  held_first = new Shared;
}

CASE(lost_object_of_two_bases, "direct 1 40") { Used(new Both); }

// ---- Exceptions.

struct Thrower {
  Thrower() : bare(Used(new long[3])), owned(new long[6]) {
    throw std::runtime_error(kLong);
  }
  long* bare;
  std::unique_ptr<long[]> owned;
};

// The object's own block and what has a destructor are freed.
CASE(lost_by_a_constructor_that_throws, "direct 1 24") {
  try {
    Used(new Thrower);
  } catch (const std::runtime_error&) {
  }
}

CASE(freed_while_an_exception_passes, "nothing") {
  try {
    const std::vector<std::string> texts(10, kLong);
    throw std::runtime_error(texts[3]);
  } catch (const std::runtime_error&) {
  }
}

}  // namespace
