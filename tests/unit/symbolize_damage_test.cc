// Damaged and hostile ELF files: fewer names, never a crash or a hang.
#include <gtest/gtest.h>

#include <random>

#include "symbolize_fixture.h"

namespace heapline {
namespace {

class SymbolizeDamageTest : public SymbolizeTest {
 protected:
  // Symbolizes every 7th byte of the module's code; the frames are not judged
  // but for being there.
  void SymbolizeAll(const std::string& path, const std::string& build_id) {
    SnapshotBuilder builder;
    builder.AddModule(sample_, path).build_id = build_id;
    std::vector<NodeId> nodes;
    for (uint64_t offset = 0; offset < 0x3000; offset += 7) {
      nodes.push_back(builder.AddNode(sample_.load_bias + offset,
                                      HL_NODE_INSTRUCTION_POINTER));
    }
    auto symbolizer = Symbolizer::Create(PlainOptions());
    for (const auto& frames :
         symbolizer->Symbolize(builder.snapshot(), nodes)) {
      ASSERT_FALSE(frames.empty());
      for (const SourceFrame& frame : frames)
        ASSERT_NE(frame.function, nullptr);
    }
    symbolizer->Notes();
  }
};

TEST_F(SymbolizeDamageTest, FilesThatAreNoElfFilesAreTold) {
  const std::string texts[] = {"", "#!/bin/sh\n",
                               "\x7f"
                               "ELF",
                               std::string(4096, '\0'),
                               "\x7f"
                               "ELF\2\1\1" +
                                   std::string(4096, '\xff')};
  for (const std::string& text : texts) {
    const std::string path = Path("garbage.so");
    WriteFile(path, text);
    SymbolizeAll(path, "");
    SymbolizeAll(path, sample_.build_id);
  }
}

TEST_F(SymbolizeDamageTest, AFileCutAnywhereIsReadAsFarAsItGoes) {
  const std::string whole = ReadFile(sample_.path);
  for (size_t bytes = 0; bytes < whole.size(); bytes += 397) {
    const std::string path = Path("cut.so");
    WriteFile(path, whole.substr(0, bytes));
    SymbolizeAll(path, "");
  }
}

TEST_F(SymbolizeDamageTest, RandomDamageDoesNoHarm) {
  const std::string whole = ReadFile(sample_.path);
  std::mt19937 random(20240607);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = whole;
    const unsigned changes = 1 + random() % 32;
    for (unsigned i = 0; i < changes; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    const std::string path = Path("damaged.so");
    WriteFile(path, damaged);
    SymbolizeAll(path, "");
  }
}

TEST_F(SymbolizeDamageTest, HostileModuleRecordsDoNoHarm) {
  SnapshotBuilder builder;
  Module& module = builder.AddModule(sample_, std::string("/a\0b", 4));
  module.start = 0;
  module.end = UINT64_MAX;
  module.load_bias = INT64_MIN;
  module.build_id = std::string(5000, '/');
  builder.AddModule(sample_, "../../../../etc/passwd").generation = 7;
  builder.AddModule(sample_, std::string(100000, '/')).generation = 8;
  builder.AddModule(sample_, "").generation = 9;
  std::vector<NodeId> nodes;
  for (uint32_t generation = 0; generation < 12; ++generation) {
    for (uint64_t address : {uint64_t{0}, uint64_t{1}, sample_.build_address,
                             UINT64_MAX - 1, UINT64_MAX}) {
      nodes.push_back(
          builder.AddNode(address, HL_NODE_RETURN_ADDRESS, generation));
    }
  }
  auto symbolizer = Symbolizer::Create(PlainOptions());
  for (const auto& frames : symbolizer->Symbolize(builder.snapshot(), nodes))
    EXPECT_EQ(frames.size(), 1u);
  EXPECT_EQ(symbolizer->FunctionAt(builder.snapshot(), 12345), "");
}

}  // namespace
}  // namespace heapline
