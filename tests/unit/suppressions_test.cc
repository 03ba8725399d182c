// Suppressions in both of the forms that people have, matched as the tools
// that they were written for match them.
#include "analyzer/analysis/suppressions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace heapline {
namespace {

using ::testing::HasSubstr;
using Stack = std::vector<SuppressibleFrame>;

const SuppressibleFrame kGrow = {"Cache::Grow(int)", "/src/cache.cc",
                                 "/usr/lib/libcache.so.1"};
const SuppressibleFrame kInsert = {"Cache::Insert(Key const&)", "/src/cache.cc",
                                   "/usr/lib/libcache.so.1"};
const SuppressibleFrame kMain = {"main", "/src/main.cc", "/usr/bin/app"};
const Stack kStack = {kGrow, kInsert, kMain};

Suppressions MustParse(const std::string& text) {
  absl::StatusOr<Suppressions> parsed =
      Suppressions::TryParse(text, "app.supp");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *std::move(parsed) : Suppressions();
}

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<Suppressions> parsed =
      Suppressions::TryParse(text, "app.supp");
  EXPECT_FALSE(parsed.ok()) << text;
  return std::string(parsed.status().message());
}

bool Matches(const std::string& text, const Stack& stack,
             LeakKinds kind = kDirectLeak) {
  Suppressions suppressions = MustParse(text);
  return suppressions.Match(kind, stack) != nullptr;
}

std::string Block(const std::string& lines) {
  return absl::StrCat("{\n a name\n Memcheck:Leak\n", lines, "\n}\n");
}

TEST(Suppressions, ALeakLineMatchesPartOfAnyFramesFunctionFileOrModule) {
  for (const char* line :
       {"leak:Insert", "leak:main.cc", "leak:libcache.so", "leak:*",
        "leak:^main$", "leak:^Cache::*int)$", "leak:Cache::*Key", "leak:app$",
        "  leak:main  ", "leak:Insert(Key const&)"}) {
    EXPECT_TRUE(Matches(line, kStack)) << line;
  }
  for (const char* line : {"leak:^Insert", "leak:mai$", "leak:Key*Insert",
                           "leak:^cache", "leak:other", "leak:m?in"}) {
    EXPECT_FALSE(Matches(line, kStack)) << line;
  }
}

TEST(Suppressions, OnlyTheStarIsASignInALeakLine) {
  const Stack stack = {{"operator[](a\\b?)", "", ""}};
  EXPECT_TRUE(Matches("leak:operator[]", stack));
  EXPECT_TRUE(Matches("leak:(a\\b?)$", stack));
  EXPECT_FALSE(Matches("leak:operator[x]", stack));
}

TEST(Suppressions, CommentsAndEmptyLinesAreNothing) {
  EXPECT_TRUE(MustParse("").all().empty());
  EXPECT_TRUE(MustParse("# leak:main\n\n   # {\n\r\n").all().empty());
}

TEST(Suppressions, ABlockMatchesTheInnermostFramesInOrder) {
  EXPECT_TRUE(Matches(Block("fun:Cache::Grow*"), kStack));
  EXPECT_TRUE(Matches(Block("fun:Cache::Grow*\nfun:*Insert*"), kStack));
  EXPECT_TRUE(Matches(Block("obj:*/libcache.so.?\nsrc:cache.cc"), kStack));
  EXPECT_FALSE(Matches(Block("fun:main"), kStack)) << "not innermost";
  EXPECT_FALSE(Matches(Block("fun:*Grow*\nfun:main"), kStack)) << "one between";
  EXPECT_FALSE(Matches(Block("fun:Grow"), kStack)) << "the whole name counts";
  EXPECT_FALSE(Matches(Block("fun:*\nfun:*\nfun:*\nfun:*\nfun:*"), kStack))
      << "more frames than there are";
}

TEST(Suppressions, DotsStandForAnyFrames) {
  EXPECT_TRUE(Matches(Block("...\nfun:main"), kStack));
  EXPECT_TRUE(Matches(Block("fun:*Grow*\n...\nfun:main"), kStack));
  EXPECT_TRUE(Matches(Block("fun:*Grow*\n...\nfun:*Insert*"), kStack));
  EXPECT_TRUE(Matches(Block("...\n...\nfun:main\n..."), kStack));
  EXPECT_TRUE(Matches(Block("..."), {}));
  EXPECT_FALSE(Matches(Block("...\nfun:main\nfun:*Grow*"), kStack));
  // The first place where the frames behind the dots fit may be wrong.
  const Stack twice = {
      {"f", "", ""}, {"g", "", ""}, {"f", "", ""}, {"h", "", ""}};
  EXPECT_TRUE(Matches(Block("...\nfun:f\nfun:h"), twice));
}

TEST(Suppressions, TheAllocatorThatMemcheckPutsInnermostMayBeMissing) {
  EXPECT_TRUE(Matches(Block("fun:malloc\nfun:*Grow*"), kStack));
  EXPECT_TRUE(Matches(Block("fun:*alloc\nfun:*Grow*"), kStack));
  EXPECT_TRUE(Matches(Block("fun:_Znwm\nfun:*Grow*"), kStack));
  EXPECT_TRUE(Matches(Block("fun:malloc"), kStack));
  EXPECT_FALSE(Matches(Block("fun:xmalloc\nfun:*Grow*"), kStack));
}

TEST(Suppressions, LinkageNamesAreReadAsPeopleReadThem) {
  EXPECT_TRUE(Matches(Block("fun:_ZN5Cache4GrowEi\nfun:*Insert*"), kStack));
  EXPECT_FALSE(Matches(Block("fun:_ZN5Cache4GrowEv"), kStack));
}

TEST(Suppressions, ABlockIsForItsKindsOfLeak) {
  const std::string text =
      Block("match-leak-kinds: definite, reachable\nfun:*Grow*");
  EXPECT_TRUE(Matches(text, kStack, kDirectLeak));
  EXPECT_TRUE(Matches(text, kStack, kReachableBlock));
  EXPECT_FALSE(Matches(text, kStack, kIndirectLeak));
  EXPECT_FALSE(Matches(text, kStack, kPossibleLeak));
  EXPECT_TRUE(Matches(Block("fun:*Grow*"), kStack, kPossibleLeak));
  EXPECT_FALSE(Matches(Block("match-leak-kinds: none\nfun:*"), kStack));
}

TEST(Suppressions, BlocksOfOtherToolsAndErrorsArePassedOver) {
  const Suppressions suppressions = MustParse(
      "{\nsyscall\nMemcheck:Param\nwrite(buf)\nfun:write\n}\n"
      "{\nrace\nHelgrind:Race\nfun:f\n}\n"
      "{\nours\nHelgrind,Memcheck:Leak\nfun:f\n}\n"
      "leak:g\n");
  ASSERT_EQ(suppressions.all().size(), 2u);
  EXPECT_EQ(suppressions.all()[0].name, "ours");
  EXPECT_EQ(suppressions.all()[0].line, 12u);
  EXPECT_EQ(suppressions.all()[1].name, "g");
}

TEST(Suppressions, UsesAreCountedOnTheFirstThatMatches) {
  Suppressions suppressions = MustParse("leak:nothing\nleak:Grow\nleak:main\n");
  EXPECT_EQ(suppressions.Match(kDirectLeak, kStack)->name, "Grow");
  EXPECT_EQ(suppressions.Match(kDirectLeak, {kMain})->name, "main");
  EXPECT_EQ(suppressions.Match(kDirectLeak, kStack)->name, "Grow");
  EXPECT_EQ(suppressions.Match(kDirectLeak, {{"f", "", ""}}), nullptr);
  EXPECT_EQ(suppressions.all()[0].use_count, 0u);
  EXPECT_EQ(suppressions.all()[1].use_count, 2u);
  EXPECT_EQ(suppressions.all()[2].use_count, 1u);
}

TEST(Suppressions, SeveralFilesAreOneList) {
  Suppressions suppressions = MustParse("leak:Grow\n");
  suppressions.Append(MustParse("leak:main\n"));
  ASSERT_EQ(suppressions.all().size(), 2u);
  EXPECT_EQ(suppressions.Match(kDirectLeak, {kMain})->name, "main");
}

TEST(Suppressions, AMistakeIsNamedWithItsLineAndTheNearestKeyword) {
  const struct {
    std::string text;
    const char* error;
  } rows[] = {
      {"leak:a\nleka:b\n",
       "app.supp:2: the keyword \"leka:\" is unknown; "
       "did you mean leak:?"},
      {"leak:\n", "app.supp:1: leak: has no pattern"},
      {Block("fin:f"),
       "app.supp:4: the keyword \"fin:\" is unknown; did you "
       "mean fun:?"},
      {Block(""), "the block that begins in line 1 has no frames"},
      {"{\nname\nMemcheck:Laek\nfun:f\n}\n", "did you mean Leak?"},
      {"{\nname\nfun f\n}\n", "app.supp:3: \"fun f\" names no tool"},
      {"{\nname\nMemcheck:Leak\nfun:f\n",
       "the block that begins in line 1 has no end"},
      {Block("match-leak-kinds: defnite\nfun:f"), "did you mean definite?"},
      {"\x1b[31m:x\n", "\"\\x1b[31m:\" is unknown"}};
  for (const auto& row : rows) {
    EXPECT_THAT(ErrorOf(row.text), HasSubstr(row.error)) << row.text;
  }
}

TEST(Suppressions, SizesAreBounded) {
  EXPECT_THAT(ErrorOf(absl::StrCat("leak:", std::string(5000, 'a'))),
              HasSubstr("at most 4096"));
  std::string frames;
  for (int i = 0; i < 300; ++i) frames += "fun:f\n";
  EXPECT_THAT(ErrorOf(Block(frames)), HasSubstr("more than 256 frames"));
}

}  // namespace
}  // namespace heapline
