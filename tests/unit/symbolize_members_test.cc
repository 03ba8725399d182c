// Data members by their offsets, read from the debug information of the sample
// library in each of its forms.
#include "analyzer/symbolize/class_members.h"
#include "symbolize_fixture.h"

namespace heapline {
namespace {

class SymbolizeMembersTest : public SymbolizeTest {
 protected:
  // Of the sample, or a copy of it at `path`.
  std::string MemberAt(const LoadedSample& sample, const std::string& path,
                       uint64_t offset) {
    SnapshotBuilder builder;
    builder.AddModule(sample, path);
    ClassMembers members(builder.snapshot(), PlainOptions());
    return members.MemberAt(0, "sample::Linked", offset);
  }
  std::string MemberOf(const std::string& class_name, uint64_t offset) {
    SnapshotBuilder builder;
    builder.AddModule(sample_, sample_.path);
    ClassMembers members(builder.snapshot(), PlainOptions());
    return members.MemberAt(0, class_name, offset);
  }
};

TEST_F(SymbolizeMembersTest, AreFoundInEveryForm) {
  for (const char* path : {SYMBOLIZE_SAMPLE, SYMBOLIZE_SAMPLE_DWARF4,
                           SYMBOLIZE_SAMPLE_COMPRESSED}) {
    const LoadedSample sample = LoadSample(path);
    const SampleOffsets& at = sample.offsets;
    EXPECT_EQ(MemberAt(sample, path, at.name), "name[0]") << path;
    EXPECT_EQ(MemberAt(sample, path, at.name + 1), "name[1]") << path;
    EXPECT_EQ(MemberAt(sample, path, at.of_base), "of_base") << path;
    EXPECT_EQ(MemberAt(sample, path, at.inner_second), "inner.second") << path;
    EXPECT_EQ(MemberAt(sample, path, at.links_2), "links[2]") << path;
    EXPECT_EQ(MemberAt(sample, path, at.owner), "owner") << path;
    EXPECT_EQ(MemberAt(sample, path, at.owner + 8), "owner") << path;
    EXPECT_EQ(MemberAt(sample, path, at.in_union), "in_union") << path;
  }
}

TEST_F(SymbolizeMembersTest, OfTemplatesAreFoundWhateverTheBlanks) {
  EXPECT_EQ(MemberOf("sample::Pair<int,sample::Box<int> >", 0), "first");
  EXPECT_EQ(MemberOf("sample::Pair<int, sample::Box<int>>", 4), "second.value");
}

TEST_F(SymbolizeMembersTest, HaveNoNameWhereNothingIsSaid) {
  EXPECT_EQ(MemberOf("sample::Linked", 1 << 20), "");
  EXPECT_EQ(MemberOf("sample::Linked", UINT64_MAX), "");
  EXPECT_EQ(MemberOf("sample::Unheard", 8), "");
  EXPECT_EQ(MemberOf("", 8), "");
  SnapshotBuilder builder;
  ClassMembers members(builder.snapshot(), PlainOptions());
  EXPECT_EQ(members.MemberAt(0, "sample::Linked", 8), "");
}

TEST_F(SymbolizeMembersTest, AreFoundInASeparateFile) {
  const std::string stripped = Path("stripped.so");
  Run("objcopy --strip-debug " SYMBOLIZE_SAMPLE " " + stripped);
  EXPECT_EQ(MemberAt(sample_, stripped, sample_.offsets.name), "");
  const std::string debug = Path("stripped.debug");
  Run("objcopy --only-keep-debug " SYMBOLIZE_SAMPLE " " + debug);
  Run("objcopy --add-gnu-debuglink=" + debug + " " + stripped);
  EXPECT_EQ(MemberAt(sample_, stripped, sample_.offsets.name), "name[0]");
}

TEST_F(SymbolizeMembersTest, AreFoundInAnAlternateFile) {
  const std::string module = Path("lib.so");
  MakeCopyWithAlternate(module, sample_.path);
  EXPECT_EQ(MemberAt(sample_, module, sample_.offsets.name), "name[0]");
  EXPECT_EQ(MemberAt(sample_, module, sample_.offsets.inner_second),
            "inner.second");
}

}  // namespace
}  // namespace heapline
