#include "analyzer/report/short_paths.h"

#include <gtest/gtest.h>

namespace heapline {
namespace {

TEST(ShortPaths, AreTheShortestTailThatTellsThemApart) {
  const ShortPaths paths({"/src/a/x.cc", "/src/b/x.cc", "/src/b/y.cc",
                          "/deep/b/x.cc", "plain.cc", "", "/", "/src/b/y.cc"});
  EXPECT_EQ(paths.Shorten("/src/a/x.cc"), "a/x.cc");
  EXPECT_EQ(paths.Shorten("/src/b/x.cc"), "src/b/x.cc");
  EXPECT_EQ(paths.Shorten("/deep/b/x.cc"), "deep/b/x.cc");
  EXPECT_EQ(paths.Shorten("/src/b/y.cc"), "y.cc");
  EXPECT_EQ(paths.Shorten("plain.cc"), "plain.cc");
  EXPECT_EQ(paths.Shorten("/never/seen.cc"), "/never/seen.cc");
  EXPECT_EQ(paths.Shorten(""), "");
}

TEST(ShortPaths, OfWhichOneIsTheTailOfTheOtherStayApart) {
  const ShortPaths paths({"x.cc", "/x.cc", "a/x.cc", "/a/x.cc"});
  EXPECT_EQ(paths.Shorten("x.cc"), "x.cc");
  EXPECT_NE(paths.Shorten("/x.cc"), paths.Shorten("x.cc"));
  EXPECT_NE(paths.Shorten("a/x.cc"), paths.Shorten("/a/x.cc"));
}

}  // namespace
}  // namespace heapline
