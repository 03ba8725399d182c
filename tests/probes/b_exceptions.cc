// b_exceptions.cc: exceptions through thirty frames whose destructors allocate,
// out of operator new itself, through C frames, and rethrown by another thread.
// The argument says how many rounds.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

long checks;

class Holder {
 public:
  explicit Holder(int bytes) : block_(new char[bytes + 1]), text_(bytes, 'x') {}
  ~Holder() {
    delete[] block_;
    std::string other = text_ + text_;
    checks += static_cast<long>(other.size() % 7);
  }

 private:
  char* block_;
  std::string text_;
};

__attribute__((noinline)) int Descend(int depth, int bytes) {
  Holder holder(bytes + depth);
  if (depth == 0) throw std::runtime_error(std::string(200, 'e'));
  try {
    return Descend(depth - 1, bytes) + 1;
  } catch (const std::logic_error&) {
    return 0;
  }
}

extern "C" int Compare(const void* a, const void* b) {
  if (*static_cast<const int*>(a) == 7) throw std::out_of_range("seven");
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

void Round(int number) {
  try {
    Descend(30, number % 300);
  } catch (const std::exception& error) {
    checks += static_cast<long>(std::string(error.what()).size());
  }
  try {
    // Not a constant: the compiler may leave a pair of new and delete out.
    volatile std::size_t huge = static_cast<std::size_t>(-1) / 2;
    char* block = new char[huge];
    delete[] block;
  } catch (const std::bad_alloc&) {
    checks += 1;
  }
  volatile std::size_t huge = static_cast<std::size_t>(-1) / 4;
  if (::operator new(huge, std::nothrow) == nullptr) checks += 1;
  try {
    std::vector<int> values = {3, 7, 1, 9, 2};
    std::qsort(values.data(), values.size(), sizeof(int), Compare);
  } catch (const std::out_of_range&) {
    checks += 1;
  }
  std::exception_ptr caught;
  std::thread thread([&caught] {
    try {
      Descend(5, 10);
    } catch (...) {
      caught = std::current_exception();
    }
  });
  thread.join();
  try {
    std::rethrow_exception(caught);
  } catch (const std::runtime_error&) {
    checks += 1;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 1;
  for (int i = 0; i < rounds; ++i) Round(i);
  std::printf("%ld checks\n", checks);
  return 0;
}
