#include "analyzer/analysis/qualified_name.h"

#include <gtest/gtest.h>

namespace heapline {
namespace {

struct Row {
  const char* function;
  const char* name;
};

TEST(QualifiedName, LeavesOutReturnTypeAndParameters) {
  constexpr Row kRows[] = {
      {"main", "main"},
      {"main(int, char**)", "main"},
      {"operator new(unsigned long)", "operator new"},
      {"operator new[](unsigned long, std::align_val_t)", "operator new[]"},
      {"std::vector<int, std::allocator<int> >::push_back(int const&)",
       "std::vector<int, std::allocator<int> >::push_back"},
      {"void std::vector<Entry>::_M_realloc_insert<Entry>(Entry&&)",
       "std::vector<Entry>::_M_realloc_insert<Entry>"},
      {"Store(std::vector<int>, std::allocator<int>)", "Store"},
      {"std::unique_ptr<int> Make<int>(std::string const&)", "Make<int>"},
      {"(anonymous namespace)::Cache::Insert(int)",
       "(anonymous namespace)::Cache::Insert"},
      {"std::function<void ()>::operator()() const",
       "std::function<void ()>::operator()"},
      {"Matrix::operator<<(int)", "Matrix::operator<<"},
      {"bool operator< <int>(Box<int>, Box<int>)", "operator< <int>"},
      {"Handle::operator bool() const", "Handle::operator bool"},
      {"main::{lambda()#1}::operator()() const",
       "main::{lambda()#1}::operator()"},
      {"helper [clone .isra.0]", "helper"},
      {"Run(int) [clone .cold]", "Run"},
      {"libfoo.so+0x1234", "libfoo.so+0x1234"},
      {"<truncated>", "<truncated>"},
      {"operators_of(int)", "operators_of"},
      {"", ""},
      {"f(", "f"},
      {")>>}", ")>>}"},
      {"operator", "operator"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(QualifiedName(row.function), row.name) << row.function;
  }
}

}  // namespace
}  // namespace heapline
