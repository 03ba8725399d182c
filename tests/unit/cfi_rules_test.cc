// Rules from hand-made frame descriptions: each instruction and each form that
// compilers emit, and bytes that no compiler would.
#include "preload/cfi_rules.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <random>
#include <string>

#include "preload/cfi_program.h"
#include "tests/unit/cfi_bytes.h"

namespace heapline {
namespace {

// A rule in words: "rsp+16 rbp@-16".
std::string InWords(const Rule& rule) {
  switch (rule.kind) {
    case RuleKind::kNone:
      return "none";
    case RuleKind::kEnd:
      return "end";
    case RuleKind::kSignalFrame:
      return "signal";
    case RuleKind::kInexpressible:
      return "inexpressible";
    case RuleKind::kNoCfi:
      return "no cfi";
    case RuleKind::kNormal:
      break;
  }
  const auto number = [](int value) { return std::to_string(value); };
  const int low = LowHalf(rule.cfa_offset);
  const int high = HighHalf(rule.cfa_offset);
  std::string words;
  switch (rule.cfa_base) {
    case CfaBase::kRsp:
      words = "rsp+" + number(rule.cfa_offset);
      break;
    case CfaBase::kRbp:
      words = "rbp+" + number(rule.cfa_offset);
      break;
    case CfaBase::kRspDeref:
      words = "*(rsp+" + number(low) + ")+" + number(high);
      break;
    case CfaBase::kRbpDeref:
      words = "*(rbp+" + number(low) + ")+" + number(high);
      break;
    case CfaBase::kPlt:
      words = "plt rsp+" + number(low) + " at " + number(high);
      break;
  }
  switch (rule.rbp_rule) {
    case RbpRule::kUnchanged:
      return words;
    case RbpRule::kAtCfa:
      return words + " rbp@cfa" + number(rule.rbp_offset);
    case RbpRule::kAtRbp:
      return words + " rbp@rbp" + number(rule.rbp_offset);
    case RbpRule::kUndefined:
      return words + " rbp lost";
  }
  return words;
}

std::string WordsAt(const Bytes& program, uintptr_t offset) {
  return InWords(RuleAt(program, offset));
}

TEST(CfiRulesTest, AFunctionWithoutFrameKeepsTheEntryRule) {
  EXPECT_EQ(WordsAt({}, 0), "rsp+8");
  EXPECT_EQ(WordsAt({}, kFunctionBytes - 1), "rsp+8");
}

TEST(CfiRulesTest, AddressesOutsideTheFunctionHaveNoRule) {
  EXPECT_EQ(WordsAt({}, kFunctionBytes), "no cfi");
}

TEST(CfiRulesTest, FollowsAFramePointerThroughPrologueAndEpilogue) {
  // push rbp; mov rsp, rbp; …; leave; ret
  const Bytes program = {0x41, 0x0e, 16,   0x86, 2, 0x43, 0x0d,
                         6,    0x02, 0x20, 0x0c, 7, 8,    0xc6};
  EXPECT_EQ(WordsAt(program, 0), "rsp+8");
  EXPECT_EQ(WordsAt(program, 1), "rsp+16 rbp@cfa-16");
  EXPECT_EQ(WordsAt(program, 4), "rbp+16 rbp@cfa-16");
  EXPECT_EQ(WordsAt(program, 0x23), "rbp+16 rbp@cfa-16");
  EXPECT_EQ(WordsAt(program, 0x24), "rsp+8");
}

TEST(CfiRulesTest, ARowBeginsAtItsOwnAddress) {
  const Bytes program = {0x02, 0x10, 0x0e, 16, 0x03, 0x10, 0x00, 0x0e,
                         24,   0x04, 0x10, 0,  0,    0,    0x0e, 32};
  EXPECT_EQ(WordsAt(program, 0x0f), "rsp+8");
  EXPECT_EQ(WordsAt(program, 0x10), "rsp+16");
  EXPECT_EQ(WordsAt(program, 0x20), "rsp+24");
  EXPECT_EQ(WordsAt(program, 0x30), "rsp+32");
}

TEST(CfiRulesTest, SetLocationJumpsToAnAddress) {
  Bytes program = {0x01};
  const uint64_t target = kFunction + 0x40;
  for (int i = 0; i < 8; ++i) program.push_back(target >> (8 * i));
  program.insert(program.end(), {0x0e, 64});
  EXPECT_EQ(WordsAt(program, 0x3f), "rsp+8");
  EXPECT_EQ(WordsAt(program, 0x40), "rsp+64");
}

TEST(CfiRulesTest, RestoreStateBringsBackTheWholeRow) {
  const Bytes program = {0x0c, 6,    16, 0x86, 2,    0x0a,  // rbp frame, saved
                         0x41, 0x0c, 7,  8,    0xc6,        // epilogue
                         0x41, 0x0b};                       // back again
  EXPECT_EQ(WordsAt(program, 1), "rsp+8");
  EXPECT_EQ(WordsAt(program, 2), "rbp+16 rbp@cfa-16");
}

TEST(CfiRulesTest, RestoreGoesBackToTheCiesRule) {
  CieForm form;
  form.instructions = {0x0c, 7, 8, 0x90, 1, 0x86, 3};
  const BuiltSection section =
      SectionBuilder::Build(form, {0x86, 2, 0x41, 0x06, 6});
  EXPECT_EQ(InWords(RuleAt(section, 0)), "rsp+8 rbp@cfa-16");
  EXPECT_EQ(InWords(RuleAt(section, 1)), "rsp+8 rbp@cfa-24");
}

TEST(CfiRulesTest, KnowsEveryFormOfAnOffset) {
  EXPECT_EQ(WordsAt({0x05, 6, 2}, 0), "rsp+8 rbp@cfa-16");
  EXPECT_EQ(WordsAt({0x11, 6, 0x7e}, 0), "rsp+8 rbp@cfa16");
  EXPECT_EQ(WordsAt({0x2f, 6, 2}, 0), "rsp+8 rbp@cfa16");
  EXPECT_EQ(WordsAt({0x12, 6, 0x7e}, 0), "rbp+16");
  EXPECT_EQ(WordsAt({0x13, 0x7d}, 0), "rsp+24");
  EXPECT_EQ(WordsAt({0x86, 2, 0x08, 6}, 0), "rsp+8");
}

TEST(CfiRulesTest, PassesOverWhatConcernsOtherRegisters) {
  const Bytes program = {0x83, 3,    0x8c, 4,    0x05, 13,   5,    0x11,
                         14,   0x7f, 0x09, 3,    12,   0x14, 12,   1,
                         0x15, 13,   0x7f, 0x16, 15,   2,    0x77, 0,
                         0x10, 14,   2,    0x77, 8,    0x07, 11,   0x2e,
                         0x90, 0x01, 0x2d, 0x00, 0x0e, 48};
  EXPECT_EQ(WordsAt(program, 0), "rsp+48");
}

TEST(CfiRulesTest, AnUndefinedReturnAddressIsTheOutermostFrame) {
  EXPECT_EQ(WordsAt({0x44, 0x07, 16}, 3), "rsp+8");
  EXPECT_EQ(WordsAt({0x44, 0x07, 16}, 4), "end");
}

TEST(CfiRulesTest, ExpressesRealignedFrames) {
  // gcc: CFA = *(rbp - 8), rbp saved where rbp points.
  const Bytes gcc = {0x10, 6, 2, 0x76, 0, 0x0f, 3, 0x76, 0x78, 0x06};
  EXPECT_EQ(WordsAt(gcc, 0), "*(rbp+-8)+0 rbp@rbp0");
  // Hand-written code that keeps the old rsp on its new stack.
  EXPECT_EQ(WordsAt({0x0f, 5, 0x77, 0x20, 0x06, 0x23, 8}, 0), "*(rsp+32)+8");
  EXPECT_EQ(WordsAt({0x0f, 2, 0x77, 24}, 0), "rsp+24");
  // rbp saved at rsp + 8 where the CFA is rsp + 24.
  EXPECT_EQ(WordsAt({0x0e, 24, 0x10, 6, 2, 0x77, 8}, 0), "rsp+24 rbp@cfa-16");
}

TEST(CfiRulesTest, ExpressesLazyPltEntries) {
  const Bytes plt = {0x0f, 11,   0x77, 8,    0x80, 0,   0x3f,
                     0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
  EXPECT_EQ(WordsAt(plt, 0), "plt rsp+8 at 11");
}

TEST(CfiRulesTest, RecognisesLinuxSignalFrames) {
  CieForm form;
  form.augmentation = "zRS";
  const Bytes program = {0x0f, 4,  0x77, 0xa0, 0x01, 0x06,  // *(rsp+160)
                         0x10, 16, 3,    0x77, 0xa8, 0x01,
                         0x10, 6,  3,    0x77, 0xf8, 0x00};
  EXPECT_EQ(InWords(RuleAt(SectionBuilder::Build(form, program), 0)), "signal");
  EXPECT_EQ(WordsAt(program, 0), "inexpressible") << "without the S";
}

TEST(CfiRulesTest, SaysSoWhereNoRuleFits) {
  EXPECT_EQ(WordsAt({0x0c, 3, 24}, 0), "inexpressible") << "CFA from rbx";
  EXPECT_EQ(WordsAt({0x90, 2}, 0), "inexpressible") << "rip elsewhere";
  EXPECT_EQ(WordsAt({0x09, 16, 5}, 0), "inexpressible") << "rip in rdi";
  EXPECT_EQ(WordsAt({0x0f, 1, 0x9c}, 0), "inexpressible") << "odd expression";
  EXPECT_EQ(WordsAt({0x3e}, 0), "inexpressible") << "unknown instruction";
  EXPECT_EQ(WordsAt({0x0b}, 0), "inexpressible") << "nothing remembered";
}

TEST(CfiRulesTest, AnRbpThatCannotBeSaidIsLostButTheFrameIsNot) {
  EXPECT_EQ(WordsAt({0x07, 6}, 0), "rsp+8 rbp lost");
  EXPECT_EQ(WordsAt({0x09, 6, 3}, 0), "rsp+8 rbp lost");
  EXPECT_EQ(WordsAt({0x14, 6, 2}, 0), "rsp+8 rbp lost");
  EXPECT_EQ(WordsAt({0x16, 6, 2, 0x77, 0}, 0), "rsp+8 rbp lost");
  EXPECT_EQ(WordsAt({0x10, 6, 3, 0x77, 0, 0x06}, 0), "rsp+8 rbp lost");
}

TEST(CfiRulesTest, ReadsEveryAugmentationInUse) {
  CieForm form;
  form.augmentation = "zPLR";
  form.augmentation_data = {0x00, 1, 2, 3, 4, 5, 6, 7, 8, 0x1b, 0x00};
  EXPECT_EQ(InWords(RuleAt(SectionBuilder::Build(form, {0x0e, 32}), 0)),
            "rsp+32");
  form.augmentation = "zRB";
  form.augmentation_data = {0x00};
  EXPECT_EQ(InWords(RuleAt(SectionBuilder::Build(form, {0x0e, 32}), 0)),
            "rsp+32");
  form.augmentation = "";
  EXPECT_EQ(InWords(RuleAt(SectionBuilder::Build(form, {0x0e, 32}), 0)),
            "rsp+32");
  form.augmentation = "zR";
  for (int version : {3, 4}) {
    form.version = version;
    EXPECT_EQ(InWords(RuleAt(SectionBuilder::Build(form, {0x0e, 32}), 0)),
              "rsp+32");
  }
  form.version = 2;
  EXPECT_EQ(InWords(RuleAt(SectionBuilder::Build(form, {0x0e, 32}), 0)),
            "no cfi");
}

TEST(CfiRulesTest, RemembersOnlySoManyStates) {
  EXPECT_EQ(WordsAt(Bytes(8, 0x0a), 0), "rsp+8");
  EXPECT_EQ(WordsAt(Bytes(9, 0x0a), 0), "inexpressible");
}

// A section at the very end of a mapping: one byte further faults.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t size) : size_(size) {
    start_ = static_cast<unsigned char*>(
        mmap(nullptr, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(start_ + 4096, 4096, PROT_READ | PROT_WRITE);
  }
  ~GuardedBytes() { munmap(start_, 3 * 4096); }
  unsigned char* begin() const { return start_ + 2 * 4096 - size_; }
  unsigned char* end() const { return start_ + 2 * 4096; }

 private:
  size_t size_;
  unsigned char* start_;
};

TEST(CfiRulesTest, ReadsNothingOutsideTheSectionWhateverItSays) {
  std::mt19937_64 random(20240);
  CieForm form;
  const Bytes program = {0x41, 0x0e, 16,   0x86, 2, 0x43, 0x0d, 6,    0x0a,
                         0x02, 0x20, 0x0c, 7,    8, 0xc6, 0x0b, 0x10, 6,
                         2,    0x76, 0,    0x0f, 3, 0x76, 0x78, 0x06};
  const BuiltSection whole = SectionBuilder::Build(form, program);
  uint64_t kinds[8] = {};
  for (size_t size = 1; size <= whole.bytes.size(); ++size) {
    const GuardedBytes guarded(size);
    for (int round = 0; round < 4000; ++round) {
      std::memcpy(guarded.begin(), whole.bytes.data(), size);
      const int flips = static_cast<int>(random() % 4);
      for (int i = 0; i < flips; ++i) {
        guarded.begin()[random() % size] = static_cast<unsigned char>(random());
      }
      const size_t fde = random() % 8 == 0 ? random() % (size + 1)
                                           : std::min(whole.fde_offset, size);
      const Rule rule =
          RuleFromEhFrame(guarded.begin(), guarded.end(), guarded.begin() + fde,
                          kFunction + random() % 64);
      ++kinds[static_cast<int>(rule.kind)];
    }
  }
  EXPECT_EQ(kinds[static_cast<int>(RuleKind::kNone)], 0u);
  EXPECT_GT(kinds[static_cast<int>(RuleKind::kNormal)], 0u);
  EXPECT_GT(kinds[static_cast<int>(RuleKind::kNoCfi)], 0u);
  EXPECT_GT(kinds[static_cast<int>(RuleKind::kInexpressible)], 0u);
}

TEST(CfiRulesTest, RandomBytesGiveSomeRuleAndNoFault) {
  std::mt19937_64 random(7);
  const GuardedBytes guarded(160);
  for (int round = 0; round < 300000; ++round) {
    for (unsigned char* byte = guarded.begin(); byte != guarded.end(); ++byte) {
      *byte = static_cast<unsigned char>(random());
    }
    // Lengths that fit, so that the rest is looked at.
    guarded.begin()[0] = 20 + random() % 40;
    guarded.begin()[1] = guarded.begin()[2] = guarded.begin()[3] = 0;
    const size_t fde = 4 + guarded.begin()[0];
    guarded.begin()[fde] = 60;
    std::memset(guarded.begin() + fde + 1, 0, 3);
    guarded.begin()[fde + 4] = static_cast<unsigned char>(fde + 4);
    std::memset(guarded.begin() + fde + 5, 0, 3);
    std::memset(guarded.begin() + 4, 0, 4);
    guarded.begin()[8] = 1;
    const Rule rule = RuleFromEhFrame(guarded.begin(), guarded.end(),
                                      guarded.begin() + fde, random());
    EXPECT_NE(rule.kind, RuleKind::kNone);
  }
}

}  // namespace
}  // namespace heapline
