// b_boost.cc: fibers of boost.context, each with a stack of its own, that
// allocate, throw and are let go half-way. The argument says how many rounds.
#include <boost/context/fiber.hpp>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using boost::context::fiber;

long total;

void Work(int depth, int number) {
  std::string text(static_cast<std::size_t>(number * 10 + depth), 'x');
  if (depth == 0) {
    try {
      throw std::runtime_error(text);
    } catch (const std::exception& error) {
      total += static_cast<long>(std::string(error.what()).size());
    }
    return;
  }
  Work(depth - 1, number);
  total += static_cast<long>(text.size());
}

void Round() {
  std::vector<fiber> fibers;
  for (int i = 0; i < 32; ++i) {
    fibers.emplace_back([i](fiber&& caller) {
      std::vector<int> kept(1000, i);
      for (int turn = 0; turn < 4; ++turn) {
        Work(turn * 5, i);
        caller = std::move(caller).resume();
      }
      total += kept[0];
      return std::move(caller);
    });
  }
  for (int turn = 0; turn < 3; ++turn) {
    for (fiber& one : fibers) one = std::move(one).resume();
  }
}  // all of them are unwound here, in the middle

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 1;
  for (int i = 0; i < rounds; ++i) Round();
  std::printf("%ld\n", total);
  return 0;
}
