// c_news.cc: operator new and delete in all their forms, and what happens when
// there is no memory: bad_alloc, NULL, and the new-handler's turns.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {

volatile size_t too_large = static_cast<size_t>(PTRDIFF_MAX) - 100;
int turns;

void GiveUpAtThird() {
  if (++turns == 3) std::set_new_handler(nullptr);
}

template <typename Allocate>
void TellFailure(const char* what, Allocate allocate) {
  turns = 0;
  std::set_new_handler(GiveUpAtThird);
  const char* result = "a block";
  try {
    if (allocate() == nullptr) result = "NULL";
  } catch (const std::bad_array_new_length&) {
    result = "bad_array_new_length";
  } catch (const std::bad_alloc&) {
    result = "bad_alloc";
  }
  std::set_new_handler(nullptr);
  std::printf("%s: %s after %d turns\n", what, result, turns);
}

struct alignas(128) Wide {
  char bytes[256];
};

struct Thrower {
  Thrower() { throw 5; }
  char bytes[64];
};

void Ordinary() {
  int sum = 0;
  for (int i = 1; i < 200; ++i) {
    std::unique_ptr<Wide> wide(new Wide);
    std::unique_ptr<Wide[]> many(new Wide[3]);
    sum += reinterpret_cast<uintptr_t>(wide.get()) % 128 == 0;
    sum += reinterpret_cast<uintptr_t>(many.get()) % 128 == 0;
    std::vector<std::string> words(i, std::string(i, 'x'));
    delete new (std::nothrow) int(i);
    ::operator delete(::operator new(i), static_cast<size_t>(i));
    ::operator delete[](::operator new[](i));
    try {
      delete new Thrower;
    } catch (int five) {
      sum += five;
    }
  }
  std::printf("sum %d\n", sum);
}

}  // namespace

int main() {
  Ordinary();
  TellFailure("new", [] { return ::operator new(too_large); });
  TellFailure("new[]", [] { return ::operator new[](too_large); });
  TellFailure("new(nothrow)",
              [] { return ::operator new(too_large, std::nothrow); });
  TellFailure("new[](nothrow)",
              [] { return ::operator new[](too_large, std::nothrow); });
  TellFailure("new(aligned)",
              [] { return ::operator new (too_large, std::align_val_t{64}); });
  TellFailure("new(aligned, nothrow)", [] {
    return ::operator new (too_large, std::align_val_t{64}, std::nothrow);
  });
  TellFailure("new int[huge]",
              [] { return static_cast<void*>(new int[too_large]); });
  return 0;
}
