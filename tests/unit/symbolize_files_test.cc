// Where the symbolizer finds a module's names: the module's own file, debug
// files by build-id and debuglink, --debug-dir, --sysroot, debuginfod, symbol
// tables; and what it does not use.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "analyzer/symbolize/elf_module.h"
#include "symbolize_fixture.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SymbolizeFilesTest : public SymbolizeTest {
 protected:
  // The sample without any symbols but those it exports.
  std::string Stripped(const LoadedSample& sample, const std::string& name) {
    const std::string path = Path(name);
    Run("objcopy --strip-all '" + sample.path + "' '" + path + "'");
    return path;
  }
  std::string DebugFile(const LoadedSample& sample, const std::string& name) {
    const std::string path = Path(name);
    Run("objcopy --only-keep-debug '" + sample.path + "' '" + path + "'");
    return path;
  }
  std::string BuildIdName(const LoadedSample& sample) {
    const std::string digits = BuildIdText(sample.build_id);
    return digits.substr(0, 2) + "/" + digits.substr(2) + ".debug";
  }
};

TEST_F(SymbolizeFilesTest, InlinedFramesComeFromTheModulesOwnFile) {
  auto symbolizer = Symbolizer::Create(PlainOptions());
  ExpectInlinedChain(FramesOfBuild(symbolizer.get(), sample_, sample_.path),
                     sample_);
  EXPECT_THAT(symbolizer->Notes(), IsEmpty());
}

TEST_F(SymbolizeFilesTest, EveryFormOfDebugInformationGivesTheSameFrames) {
  for (const char* path : {SYMBOLIZE_SAMPLE_DWARF4, SYMBOLIZE_SAMPLE_SPLIT,
                           SYMBOLIZE_SAMPLE_COMPRESSED}) {
    SCOPED_TRACE(path);
    const LoadedSample sample = LoadSample(path);
    auto symbolizer = Symbolizer::Create(PlainOptions());
    ExpectInlinedChain(FramesOfBuild(symbolizer.get(), sample, path), sample);
    EXPECT_THAT(symbolizer->Notes(), IsEmpty());
  }
}

TEST_F(SymbolizeFilesTest, AMissingSplitFileLeavesTheLineAndIsTold) {
  const LoadedSample sample = LoadSample(SYMBOLIZE_SAMPLE_SPLIT);
  // The name of the .dwo file inside a copy is made to lead nowhere.
  const std::string copy = Path("libsplit.so");
  std::string bytes = ReadFile(sample.path);
  size_t at = 0;
  size_t changed = 0;
  while ((at = bytes.find(".dwo\0", at, 5)) != std::string::npos) {
    bytes[at + 3] = 'x';
    ++changed;
  }
  ASSERT_GT(changed, 0u);
  WriteFile(copy, bytes);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames = FramesOfBuild(symbolizer.get(), sample, copy);
  ASSERT_EQ(frames.size(), 1u) << TextOf(frames);
  EXPECT_EQ(*frames[0].function, "sample_build");
  EXPECT_EQ(static_cast<int>(frames[0].line), sample.lines.record);
  EXPECT_THAT(symbolizer->Notes(), ElementsAre(HasSubstr("split debug file")));
}

TEST_F(SymbolizeFilesTest, ADebugFileIsFoundByBuildIdInADebugDirectory) {
  const std::string module = Stripped(sample_, "libplain.so");
  DebugFile(sample_, "debug/.build-id/" + BuildIdName(sample_));
  SymbolizerOptions options = PlainOptions();
  options.debug_directories = {Path("debug")};
  auto symbolizer = Symbolizer::Create(options);
  ExpectInlinedChain(FramesOfBuild(symbolizer.get(), sample_, module), sample_);
  EXPECT_THAT(symbolizer->Notes(), IsEmpty());
}

TEST_F(SymbolizeFilesTest, ADebugFileSufficesWhereTheModuleIsGone) {
  DebugFile(sample_, "debug/.build-id/" + BuildIdName(sample_));
  SymbolizerOptions options = PlainOptions();
  options.debug_directories = {Path("debug")};
  auto symbolizer = Symbolizer::Create(options);
  ExpectInlinedChain(FramesOfBuild(symbolizer.get(), sample_, Path("gone.so")),
                     sample_);
  EXPECT_THAT(symbolizer->Notes(), IsEmpty());
}

TEST_F(SymbolizeFilesTest, ADebugDirectoryMayHoldPlainFiles) {
  const std::string module = Stripped(sample_, "libplain.so");
  DebugFile(sample_, "debug/libplain.so.debug");
  SymbolizerOptions options = PlainOptions();
  options.debug_directories = {Path("debug")};
  auto symbolizer = Symbolizer::Create(options);
  ExpectInlinedChain(FramesOfBuild(symbolizer.get(), sample_, module), sample_);
}

TEST_F(SymbolizeFilesTest, ADebugFileIsFoundByDebugLink) {
  for (const char* place : {"lib/sample.debug", "lib/.debug/sample.debug"}) {
    SCOPED_TRACE(place);
    const std::string module = Stripped(sample_, "lib/libplain.so");
    const std::string debug_file = DebugFile(sample_, place);
    Run("objcopy --add-gnu-debuglink='" + debug_file + "' '" + module + "'");
    auto symbolizer = Symbolizer::Create(PlainOptions());
    ExpectInlinedChain(FramesOfBuild(symbolizer.get(), sample_, module),
                       sample_);
    Run("rm '" + debug_file + "'");
  }
}

TEST_F(SymbolizeFilesTest, WithoutABuildIdADebugLinkIsCheckedByItsChecksum) {
  const LoadedSample sample = LoadSample(SYMBOLIZE_SAMPLE_NO_ID);
  ASSERT_TRUE(sample.build_id.empty());
  const std::string module = Stripped(sample, "libplain.so");
  const std::string debug_file = DebugFile(sample, "sample.debug");
  Run("objcopy --add-gnu-debuglink='" + debug_file + "' '" + module + "'");
  ExpectInlinedChain(
      FramesOfBuild(Symbolizer::Create(PlainOptions()).get(), sample, module),
      sample);

  WriteFile(debug_file, ReadFile(debug_file) + "changed since");
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames = FramesOfBuild(symbolizer.get(), sample, module);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].line, 0u);
  EXPECT_THAT(symbolizer->Notes(),
              ElementsAre(HasSubstr("no debug information")));
}

TEST_F(SymbolizeFilesTest, AStrippedModuleHasItsExportedNamesAndOffsets) {
  const std::string module = Stripped(sample_, "libplain.so");
  SnapshotBuilder builder;
  builder.AddModule(sample_, module);
  const NodeId exported =
      builder.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  const NodeId local =
      builder.AddNode(sample_.lambda_address, HL_NODE_RETURN_ADDRESS);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames =
      symbolizer->Symbolize(builder.snapshot(), {exported, local});
  ASSERT_EQ(frames[0].size(), 1u);
  EXPECT_EQ(*frames[0][0].function, "sample_build");
  EXPECT_EQ(frames[0][0].line, 0u);
  EXPECT_EQ(*frames[0][0].file, "");
  EXPECT_EQ(*frames[0][0].module, module);
  char offset[64];
  snprintf(offset, sizeof(offset), "libplain.so+0x%llx",
           static_cast<unsigned long long>(sample_.lambda_address -
                                           sample_.load_bias));
  ASSERT_EQ(frames[1].size(), 1u);
  EXPECT_EQ(*frames[1][0].function, offset);
  EXPECT_THAT(symbolizer->Notes(),
              ElementsAre(HasSubstr("libplain.so: no debug information "
                                    "(build-id " +
                                    BuildIdText(sample_.build_id))));
}

TEST_F(SymbolizeFilesTest, ASymbolTableNamesLocalFunctionsToo) {
  const std::string module = Path("libtable.so");
  Run("objcopy --strip-debug '" + sample_.path + "' '" + module + "'");
  SnapshotBuilder builder;
  builder.AddModule(sample_, module);
  const NodeId local =
      builder.AddNode(sample_.lambda_address, HL_NODE_RETURN_ADDRESS);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames = symbolizer->Symbolize(builder.snapshot(), {local});
  EXPECT_EQ(*frames[0][0].function,
            "sample_lambda::{lambda()#1}::operator()() const");
}

TEST_F(SymbolizeFilesTest, ACompressedSymbolTableIsUnpacked) {
  const std::string table = Path("table");
  Run("objcopy --strip-debug '" + sample_.path + "' '" + table + "'");
  if (system(("xz -k '" + table + "'").c_str()) != 0)
    GTEST_SKIP() << "xz is not installed";
  const std::string module = Stripped(sample_, "libmini.so");
  Run("objcopy --add-section .gnu_debugdata='" + table + ".xz' '" + module +
      "'");
  SnapshotBuilder builder;
  builder.AddModule(sample_, module);
  const NodeId local =
      builder.AddNode(sample_.lambda_address, HL_NODE_RETURN_ADDRESS);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames = symbolizer->Symbolize(builder.snapshot(), {local});
  EXPECT_EQ(*frames[0][0].function,
            "sample_lambda::{lambda()#1}::operator()() const");
}

TEST_F(SymbolizeFilesTest, AFileOfAnotherBuildIsNotUsedAndBothIdsAreTold) {
  LoadedSample other = sample_;
  other.build_id.assign(20, '\x5a');
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames = FramesOfBuild(symbolizer.get(), other, sample_.path);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_THAT(*frames[0].function, HasSubstr("+0x"));
  EXPECT_EQ(frames[0].line, 0u);
  EXPECT_THAT(
      symbolizer->Notes(),
      ElementsAre(::testing::AllOf(
          HasSubstr("build-id on disk (" + BuildIdText(sample_.build_id)),
          HasSubstr("differs from the snapshot's (5a5a5a5a"),
          HasSubstr("--debug-dir"))));
}

TEST_F(SymbolizeFilesTest, AModuleIsFoundUnderTheSysroot) {
  Run("cp '" + sample_.path + "' '" + Path("root/opt/app/libapp.so") + "'");
  SymbolizerOptions options = PlainOptions();
  options.sysroot = Path("root");
  ExpectInlinedChain(FramesOfBuild(Symbolizer::Create(options).get(), sample_,
                                   "/opt/app/libapp.so"),
                     sample_);
  // Dots in a path of the snapshot do not lead out of the sysroot.
  ExpectInlinedChain(FramesOfBuild(Symbolizer::Create(options).get(), sample_,
                                   "/../../opt/app/libapp.so"),
                     sample_);
}

TEST_F(SymbolizeFilesTest, APipeInPlaceOfAModuleIsNotWaitedFor) {
  const std::string path = Path("pipe.so");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames = FramesOfBuild(symbolizer.get(), sample_, path);
  EXPECT_EQ(frames.size(), 1u);
  EXPECT_THAT(symbolizer->Notes(),
              ElementsAre(HasSubstr("not a regular file")));
}

TEST_F(SymbolizeFilesTest, DebuginfodIsAskedOnlyWhereServersAreNamed) {
  void* library = dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) GTEST_SKIP() << "libdebuginfod is not installed";
  const std::string module = Stripped(sample_, "libplain.so");
  DebugFile(sample_,
            "server/buildid/" + BuildIdText(sample_.build_id) + "/debuginfo");
  setenv("DEBUGINFOD_CACHE_PATH", Path("debuginfod").c_str(), 1);
  auto without = Symbolizer::Create(PlainOptions());
  EXPECT_EQ(FramesOfBuild(without.get(), sample_, module).size(), 1u);

  setenv("DEBUGINFOD_URLS", ("file://" + Path("server")).c_str(), 1);
  auto with = Symbolizer::Create(PlainOptions());
  ExpectInlinedChain(FramesOfBuild(with.get(), sample_, module), sample_);
  unsetenv("DEBUGINFOD_URLS");
  unsetenv("DEBUGINFOD_CACHE_PATH");
}

TEST_F(SymbolizeFilesTest, TheSystemsLibcHasNamesWithoutDebugInformation) {
  Dl_info info{};
  void* function = dlsym(RTLD_DEFAULT, "getenv");
  ASSERT_NE(dladdr(function, &info), 0);
  const std::string copy = Path("libc.so.6");
  Run("objcopy --strip-all '" + std::string(info.dli_fname) + "' '" + copy +
      "'");
  LoadedSample libc;
  libc.load_bias = reinterpret_cast<uint64_t>(info.dli_fbase);
  SnapshotBuilder builder;
  Module& module = builder.AddModule(libc, copy);
  module.end = module.start + (16 << 20);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  EXPECT_EQ(symbolizer->FunctionAt(builder.snapshot(),
                                   reinterpret_cast<uint64_t>(function)),
            "getenv");
}

}  // namespace
}  // namespace heapline
