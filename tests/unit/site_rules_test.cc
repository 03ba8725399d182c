#include "analyzer/analysis/site_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace heapline {
namespace {

struct Row {
  SiteKind kind;
  const char* function;
  const char* file;
  const char* module;
};

TEST(SiteRules, TellWrappersAndSystemCodeFromTheProgram) {
  constexpr Row kRows[] = {
      {SiteKind::kWrapper, "malloc", "", "/usr/lib/libc.so.6"},
      {SiteKind::kWrapper, "operator new(unsigned long)", "",
       "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"},
      {SiteKind::kWrapper, "operator new[](unsigned long, std::nothrow_t)", "",
       "/bin/app"},
      {SiteKind::kWrapper, "std::allocator<int>::allocate(unsigned long)", "",
       "/bin/app"},
      {SiteKind::kWrapper, "strdup", "", "/lib/x86_64-linux-gnu/libc.so.6"},
      {SiteKind::kWrapper, "xmalloc", "/src/xmalloc.c", "/bin/app"},
      {SiteKind::kWrapper, "g_malloc0", "", "/usr/lib/libglib-2.0.so.0"},
      {SiteKind::kWrapper, "anything", "", "/opt/lib/libheapline.so"},
      {SiteKind::kWrapper, "heapline_pool_alloc",
       "/opt/heapline/include/heapline/heapline.h", "/bin/app"},
      {SiteKind::kSystem, "getline", "", "/lib/x86_64-linux-gnu/libc.so.6"},
      {SiteKind::kSystem,
       "void std::vector<Entry>::_M_realloc_insert<Entry>(Entry&&)", "",
       "/bin/app"},
      {SiteKind::kSystem, "Wrapped", "/usr/include/boost/any.hpp", "/bin/app"},
      {SiteKind::kSystem, "push_back",
       "/opt/gcc/include/c++/13/bits/stl_vector.h", "/bin/app"},
      {SiteKind::kProgram, "Store(std::vector<int>)", "/src/a.cc", "/bin/app"},
      {SiteKind::kProgram, "std_like::Make()", "/src/a.cc", "/bin/app"},
      {SiteKind::kProgram, "malloc_stats_of_mine", "/src/a.cc", "/bin/app"},
      {SiteKind::kProgram, "main", "", ""},
      {SiteKind::kProgram, "libfoo.so+0x12", "", "/srv/libfoo.so"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(SiteKindOf(row.function, row.file, row.module), row.kind)
        << row.function << " in " << row.file << " of " << row.module;
  }
}

TEST(SiteRules, EveryRowSaysWhyAndMatchesSomethingButNotAll) {
  for (const SiteRule& rule : SiteRules()) {
    const std::string patterns =
        std::string(rule.function) + rule.file + rule.module;
    EXPECT_FALSE(patterns.empty()) << rule.why;
    EXPECT_NE(patterns, "*");
    EXPECT_STRNE(rule.why, "");
  }
}

TEST(SiteRules, WrappersStandBeforeSystemCode) {
  bool has_system = false;
  for (const SiteRule& rule : SiteRules()) {
    has_system = has_system || rule.kind == SiteKind::kSystem;
    EXPECT_FALSE(has_system && rule.kind == SiteKind::kWrapper)
        << rule.function << rule.file << rule.module;
  }
}

}  // namespace
}  // namespace heapline
