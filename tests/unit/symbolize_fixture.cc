#include "symbolize_fixture.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "analyzer/symbolize/elf_module.h"

namespace heapline {
namespace {

uint64_t recorded_address;

__attribute__((noinline)) void RecordAddress() {
  recorded_address = reinterpret_cast<uint64_t>(__builtin_return_address(0));
}

__attribute__((noinline)) void RecordAddressAndThrow() {
  recorded_address = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  throw 1;
}

using SampleFunction = void (*)(SampleRecorder);

uint64_t AddressSeenBy(void* library, const char* function,
                       SampleRecorder recorder) {
  const auto call = reinterpret_cast<SampleFunction>(dlsym(library, function));
  if (call == nullptr) return 0;
  recorded_address = 0;
  try {
    call(recorder);
  } catch (int) {
  }
  return recorded_address;
}

}  // namespace

LoadedSample LoadSample(const std::string& path) {
  LoadedSample sample;
  sample.path = path;
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    ADD_FAILURE() << dlerror();
    return sample;
  }
  sample.build_address = AddressSeenBy(library, "sample_build", RecordAddress);
  sample.leave_address =
      AddressSeenBy(library, "sample_leave", RecordAddressAndThrow);
  sample.lambda_address =
      AddressSeenBy(library, "sample_lambda", RecordAddress);
  void* lines = dlsym(library, "sample_lines");
  void* offsets = dlsym(library, "sample_offsets");
  Dl_info info{};
  if (lines == nullptr || offsets == nullptr || dladdr(lines, &info) == 0) {
    ADD_FAILURE() << path << " lacks sample_lines or sample_offsets";
    return sample;
  }
  sample.lines = *static_cast<const SampleLines*>(lines);
  sample.offsets = *static_cast<const SampleOffsets*>(offsets);
  sample.load_bias = reinterpret_cast<uint64_t>(info.dli_fbase);
  const auto module = ElfModule::Open(path);
  if (module.ok()) sample.build_id = (*module)->build_id();
  return sample;
}

SnapshotBuilder::SnapshotBuilder() {
  AddNode(HL_SPECIAL_ROOT, HL_NODE_SPECIAL);
}

Module& SnapshotBuilder::AddModule(const LoadedSample& sample,
                                   const std::string& path) {
  Module module;
  module.start = sample.load_bias;
  module.end = sample.load_bias + (1 << 20);
  module.load_bias = static_cast<int64_t>(sample.load_bias);
  module.build_id = sample.build_id;
  module.path = path;
  snapshot_.modules.push_back(std::move(module));
  return snapshot_.modules.back();
}

NodeId SnapshotBuilder::AddNode(uint64_t address, HlNodeKind kind,
                                uint32_t generation) {
  const auto id = static_cast<uint32_t>(snapshot_.nodes.size());
  snapshot_.nodes.address.push_back(address);
  snapshot_.nodes.parent.push_back(NodeId{0});
  snapshot_.nodes.kind.push_back(static_cast<uint8_t>(kind));
  snapshot_.nodes.generation.push_back(generation);
  return NodeId{id};
}

void SymbolizeTest::SetUp() {
  unsetenv("DEBUGINFOD_URLS");
  std::string directory = ::testing::TempDir() + "/symbolize.XXXXXX";
  ASSERT_NE(mkdtemp(&directory[0]), nullptr);
  directory_ = directory;
  sample_ = LoadSample(SYMBOLIZE_SAMPLE);
  ASSERT_NE(sample_.build_address, 0u);
  ASSERT_FALSE(sample_.build_id.empty());
}

void SymbolizeTest::TearDown() {
  if (!directory_.empty()) Run("rm -rf '" + directory_ + "'");
}

std::string SymbolizeTest::Path(const std::string& name) const {
  const std::string path = directory_ + "/" + name;
  std::filesystem::create_directories(
      std::filesystem::path(path).parent_path());
  return path;
}

void SymbolizeTest::WriteFile(const std::string& path,
                              const std::string& bytes) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  ASSERT_TRUE(file.good()) << path;
}

std::string SymbolizeTest::ReadFile(const std::string& path) const {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void SymbolizeTest::Run(const std::string& command) const {
  ASSERT_EQ(system(command.c_str()), 0) << command;
}

void SymbolizeTest::MakeCopyWithAlternate(const std::string& path,
                                          const std::string& alternate) const {
  const std::string abbreviations = path + ".abbrev";
  Run("objcopy --dump-section .debug_abbrev='" + abbreviations + "' '" +
      sample_.path + "' '" + path + "'");
  // DW_AT_name in DW_FORM_strp becomes one in DW_FORM_GNU_strp_alt: the same
  // offset, in the other file's .debug_str.
  std::string bytes = ReadFile(abbreviations);
  ASSERT_GT(absl::StrReplaceAll({{"\x03\x0e", "\x03\xa1\x3e"}}, &bytes), 0);
  WriteFile(abbreviations, bytes);
  const std::string link = path + ".link";
  WriteFile(link, alternate + '\0' + sample_.build_id);
  Run("objcopy --update-section .debug_abbrev='" + abbreviations +
      "' --add-section .gnu_debugaltlink='" + link + "' '" + path + "'");
}

SymbolizerOptions SymbolizeTest::PlainOptions() const {
  SymbolizerOptions options;
  options.use_cache = false;
  return options;
}

std::vector<SourceFrame> SymbolizeTest::FramesOfBuild(
    Symbolizer* symbolizer, const LoadedSample& sample,
    const std::string& path) const {
  SnapshotBuilder builder;
  builder.AddModule(sample, path);
  const NodeId node =
      builder.AddNode(sample.build_address, HL_NODE_RETURN_ADDRESS);
  return symbolizer->Symbolize(builder.snapshot(), {node})[0];
}

void SymbolizeTest::ExpectInlinedChain(const std::vector<SourceFrame>& frames,
                                       const LoadedSample& sample) const {
  ASSERT_EQ(frames.size(), 3u) << TextOf(frames);
  EXPECT_EQ(*frames[0].function, "sample::Widget::Record(void (*)())");
  EXPECT_EQ(*frames[1].function, "sample::Widget::Grow(void (*)())");
  EXPECT_EQ(*frames[2].function, "sample_build");
  const int lines[] = {sample.lines.record, sample.lines.grow,
                       sample.lines.build};
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(*frames[i].file, SYMBOLIZE_SAMPLE_SOURCE) << i;
    EXPECT_EQ(static_cast<int>(frames[i].line), lines[i]) << i;
    EXPECT_EQ(frames[i].is_inlined, i < 2) << i;
  }
}

std::string TextOf(const std::vector<SourceFrame>& frames) {
  std::string text;
  for (const SourceFrame& frame : frames) {
    absl::StrAppend(&text, *frame.function, " ", *frame.file, ":", frame.line,
                    " ", *frame.module, frame.is_inlined ? " inlined" : "",
                    "\n");
  }
  return text;
}

}  // namespace heapline
