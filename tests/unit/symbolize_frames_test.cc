// What the symbolizer makes of each kind of node: the minus-one rule,
// generations, unloaded modules, JIT code, names in angle brackets, symbols
// given by the snapshot, --path-map.
#include <gmock/gmock.h>

#include "symbolize_fixture.h"

namespace heapline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SymbolizeFramesTest : public SymbolizeTest {
 protected:
  std::vector<SourceFrame> FramesOf(NodeId node,
                                    const SymbolizerOptions& options) {
    symbolizer_ = Symbolizer::Create(options);
    return symbolizer_->Symbolize(builder_.snapshot(), {node})[0];
  }
  std::string FunctionOf(NodeId node) {
    return *FramesOf(node, PlainOptions())[0].function;
  }
  Property Number(uint64_t number) {
    Property property;
    property.number = number;
    return property;
  }

  SnapshotBuilder builder_;
  std::unique_ptr<Symbolizer> symbolizer_;
};

TEST_F(SymbolizeFramesTest, AReturnAddressIsLookedUpAtTheCallBeforeIt) {
  builder_.AddModule(sample_, sample_.path);
  // The call is the function's last instruction: its return address is
  // another function's, or nobody's.
  const NodeId returning =
      builder_.AddNode(sample_.leave_address, HL_NODE_RETURN_ADDRESS);
  const NodeId guessed =
      builder_.AddNode(sample_.leave_address, HL_NODE_GUESSED);
  const NodeId interrupted =
      builder_.AddNode(sample_.leave_address, HL_NODE_INSTRUCTION_POINTER);
  const NodeId interrupted_before =
      builder_.AddNode(sample_.leave_address - 1, HL_NODE_INSTRUCTION_POINTER);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto frames = symbolizer->Symbolize(
      builder_.snapshot(),
      {returning, guessed, interrupted, interrupted_before});
  EXPECT_EQ(*frames[0][0].function, "sample_leave");
  EXPECT_EQ(static_cast<int>(frames[0][0].line), sample_.lines.leave);
  EXPECT_EQ(TextOf(frames[1]), TextOf(frames[0]));
  EXPECT_NE(*frames[2][0].function, "sample_leave");
  EXPECT_EQ(TextOf(frames[3]), TextOf(frames[0]));
}

TEST_F(SymbolizeFramesTest, ALocalFunctionObjectIsNamedWithItsFunction) {
  builder_.AddModule(sample_, sample_.path);
  const NodeId node =
      builder_.AddNode(sample_.lambda_address, HL_NODE_RETURN_ADDRESS);
  const auto frames = FramesOf(node, PlainOptions());
  EXPECT_EQ(*frames[0].function, "sample_lambda::{lambda}::operator()");
  EXPECT_EQ(static_cast<int>(frames[0].line), sample_.lines.lambda);
}

TEST_F(SymbolizeFramesTest, AnUnloadedModuleIsReadFromItsFile) {
  builder_.AddModule(sample_, sample_.path).flags = HL_MODULE_UNLOADED;
  // What was loaded in its place afterwards.
  Module& successor = builder_.AddModule(sample_, "/nowhere/successor.so");
  successor.generation = 1;
  successor.build_id = std::string(20, 'x');
  const NodeId old_node =
      builder_.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS, 0);
  const NodeId new_node =
      builder_.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS, 1);
  ExpectInlinedChain(FramesOf(old_node, PlainOptions()), sample_);
  EXPECT_THAT(FunctionOf(new_node), HasSubstr("successor.so+0x"));
  EXPECT_THAT(symbolizer_->Notes(),
              ::testing::ElementsAre(HasSubstr("/nowhere/successor.so: ")));
}

TEST_F(SymbolizeFramesTest, PathsAreMappedAtWholeNamesByTheLongestRule) {
  const std::string source = SYMBOLIZE_SAMPLE_SOURCE;
  const std::string directory = source.substr(0, source.rfind('/'));
  builder_.AddModule(sample_, sample_.path);
  const NodeId node =
      builder_.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  SymbolizerOptions options = PlainOptions();
  options.path_map = {{directory.substr(0, directory.size() - 1), "/wrong"},
                      {"/", "/root/"},
                      {directory, "/mapped"}};
  EXPECT_EQ(*FramesOf(node, options)[0].file, "/mapped/symbolize_sample.cc");
  options.path_map = {{"/", "/root/"}};
  EXPECT_EQ(*FramesOf(node, options)[0].file, "/root" + source);
  options.path_map = {{"/elsewhere", "/wrong"}};
  EXPECT_EQ(*FramesOf(node, options)[0].file, source);
}

TEST_F(SymbolizeFramesTest, CodeOutsideModulesIsNamedByThePerfMap) {
  WriteFile(Path("root/tmp/perf-4711.map"),
            "7f0000001000 100 js::compiled one\n"
            "garbage\n"
            "7f0000001000 80 js::compiled again\n"
            "0x7f0000002000 0x10 short\n");
  const auto pid = static_cast<uint32_t>(PropertyId::pid);
  builder_.snapshot().properties[pid] = Number(4711);
  const NodeId inside =
      builder_.AddNode(0x7f0000001080, HL_NODE_RETURN_ADDRESS);
  const NodeId outside =
      builder_.AddNode(0x7f0000001081, HL_NODE_RETURN_ADDRESS);
  const NodeId prefixed =
      builder_.AddNode(0x7f0000002000, HL_NODE_INSTRUCTION_POINTER);
  SymbolizerOptions options = PlainOptions();
  options.sysroot = Path("root");
  EXPECT_EQ(*FramesOf(inside, options)[0].function, "js::compiled again");
  EXPECT_EQ(*FramesOf(inside, options)[0].module, "");
  EXPECT_EQ(*FramesOf(outside, options)[0].function, "0x7f0000001081");
  EXPECT_EQ(*FramesOf(prefixed, options)[0].function, "short");

  // A map older than the process is another process's.
  const auto start_time = static_cast<uint32_t>(PropertyId::start_time_ns);
  builder_.snapshot().properties[start_time] =
      Number(uint64_t{4000000000} * 1000000000);
  EXPECT_EQ(*FramesOf(prefixed, options)[0].function, "0x7f0000002000");
}

TEST_F(SymbolizeFramesTest, WhatIsNoCodeHasANameInBrackets) {
  const struct {
    uint64_t special;
    const char* name;
  } kRows[] = {{HL_SPECIAL_ROOT, "<root>"},
               {HL_SPECIAL_NO_STACK, "<no stack>"},
               {HL_SPECIAL_TRUNCATED, "<truncated>"},
               {HL_SPECIAL_UNSAMPLED, "<unsampled>"},
               {HL_SPECIAL_DROPPED, "<dropped>"},
               {HL_SPECIAL_UNKNOWN, "<unknown>"},
               {12345, "<unknown>"}};
  for (const auto& row : kRows)
    EXPECT_EQ(FunctionOf(builder_.AddNode(row.special, HL_NODE_SPECIAL)),
              row.name);
  EXPECT_EQ(FunctionOf(builder_.AddNode(1, static_cast<HlNodeKind>(99))),
            "<unknown>");

  const NodeId thread = builder_.AddNode(0, HL_NODE_THREAD);
  const NodeId nameless = builder_.AddNode(0, HL_NODE_THREAD);
  const NodeId scope = builder_.AddNode(0, HL_NODE_SCOPE);
  builder_.snapshot().labels = {{thread, 0, "worker"}, {scope, 0, "parsing"}};
  EXPECT_EQ(FunctionOf(thread), "<thread worker>");
  EXPECT_EQ(FunctionOf(nameless), "<thread>");
  EXPECT_EQ(FunctionOf(scope), "<scope parsing>");
}

TEST_F(SymbolizeFramesTest, SymbolsInTheSnapshotComeFirst) {
  builder_.AddModule(sample_, sample_.path);
  const NodeId given =
      builder_.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  const NodeId other =
      builder_.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  NodeSymbol inner;
  inner.node = given;
  inner.line = 7;
  inner.is_inlined = true;
  inner.function = "inner";
  inner.file = "/src/a.cc";
  inner.module = "/bin/program";
  NodeSymbol outer = inner;
  outer.is_inlined = false;
  outer.function = "outer";
  outer.line = 0;
  builder_.snapshot().symbols = {inner, outer};
  SymbolizerOptions options = PlainOptions();
  options.path_map = {{"/src", "/home"}};
  EXPECT_EQ(TextOf(FramesOf(given, options)),
            "inner /home/a.cc:7 /bin/program inlined\n"
            "outer /home/a.cc:0 /bin/program\n");
  ExpectInlinedChain(FramesOf(other, PlainOptions()), sample_);
}

TEST_F(SymbolizeFramesTest, TheFunctionAtAStartRoutineIsTheOuterOne) {
  builder_.AddModule(sample_, sample_.path);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  EXPECT_EQ(
      symbolizer->FunctionAt(builder_.snapshot(), sample_.build_address - 1),
      "sample_build");
  EXPECT_EQ(symbolizer->FunctionAt(builder_.snapshot(), 4096), "");
}

TEST_F(SymbolizeFramesTest, EqualTextsAreOneObject) {
  builder_.AddModule(sample_, sample_.path);
  const NodeId a =
      builder_.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  const NodeId b =
      builder_.AddNode(sample_.leave_address, HL_NODE_RETURN_ADDRESS);
  auto symbolizer = Symbolizer::Create(PlainOptions());
  const auto first = symbolizer->Symbolize(builder_.snapshot(), {a, b});
  const auto second = symbolizer->Symbolize(builder_.snapshot(), {b});
  EXPECT_EQ(first[0][0].file, first[1][0].file);
  EXPECT_EQ(first[1][0].function, second[0][0].function);
  EXPECT_EQ(first[0][0].module, second[0][0].module);
}

TEST_F(SymbolizeFramesTest, TheVdsoNeedsNoFileAndNoNote) {
  builder_.AddModule(sample_, "linux-vdso.so.1").flags = HL_MODULE_VDSO;
  const NodeId node =
      builder_.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  EXPECT_THAT(FunctionOf(node), HasSubstr("linux-vdso.so.1+0x"));
  EXPECT_THAT(symbolizer_->Notes(), IsEmpty());
}

}  // namespace
}  // namespace heapline
