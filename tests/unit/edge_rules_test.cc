// Which words are weak and what they count: the shipped rules, a user's, and
// what object words tell of types.
#include "analyzer/analysis/edge_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/analysis/python_objects.h"
#include "graph_fixture.h"

namespace heapline {
namespace {

constexpr uint64_t kPython = 0x7f0000000000;  // where the interpreter is
constexpr uint64_t kListType = kPython + 0x1000;
constexpr uint64_t kMetatype = kPython + 0x2000;
constexpr uint64_t kWeakrefType = kPython + 0x3000;
constexpr uint64_t kTextType = kPython + 0x4000;

std::string NoSite(NodeId) { return ""; }

void Word(GraphBuilder* heap, Vertex v, uint8_t index, uint8_t kind,
          uint64_t value) {
  ObjectWordColumns& words = heap->snapshot()->object_words;
  words.block.push_back(heap->AddressOf(v));
  words.index.push_back(index);
  words.kind.push_back(kind);
  words.value.push_back(value);
}

void AddInterpreter(GraphBuilder* heap) {
  Module module;
  module.start = kPython;
  module.end = kPython + 0x100000;
  module.path = "/usr/lib/libpython3.11.so.1.0";
  heap->snapshot()->modules.push_back(module);
  heap->snapshot()->type_names = {{kListType, "list"},
                                  {kMetatype, "type"},
                                  {kWeakrefType, "weakref"},
                                  {kTextType, "str"}};
}

// An object that the collector tracks: links, count, type.
void Collected(GraphBuilder* heap, Vertex v, uint64_t count, uint64_t type) {
  Word(heap, v, 2, HL_WORD_COUNTS, count);
  if (type != 0) Word(heap, v, 3, HL_WORD_MODULE, type);
}

struct Applied {
  explicit Applied(GraphBuilder* heap,
                   const std::vector<EdgeRule>& rules = ShippedEdgeRules(),
                   CollectorLinks links = CollectorLinks::kWeak)
      : graph(heap->Build()), symbols(*heap->snapshot(), {}) {
    types = FindObjectTypes(graph, &symbols);
    ApplyEdgeRules(rules, links, NoSite, &types, &graph);
  }
  ObjectGraph graph;
  DataSymbols symbols;
  ObjectTypes types;
};

TEST(EdgeRulesTest, TheCollectorsLinksAreWeakAndObjectsAreReferredToExactly) {
  GraphBuilder heap;
  AddInterpreter(&heap);
  const Vertex a = heap.Block(64), b = heap.Block(64);
  heap.Edge(a, 0, b);       // next
  heap.Edge(a, 40, b, 16);  // an item
  heap.Edge(b, 8, a);       // prev
  Collected(&heap, a, 1, kListType);
  Collected(&heap, b, 2, kListType);
  heap.Root(HL_ROOT_GLOBAL, a);     // a generation's list
  heap.Root(HL_ROOT_STACK, a, 16);  // a variable
  const Applied applied(&heap);
  ASSERT_EQ(applied.graph.edges().target.size(), 1u);
  EXPECT_EQ(applied.graph.Offset(0), 40u);
  EXPECT_FALSE(applied.graph.IsInterior(0));
  EXPECT_EQ(applied.graph.weak_edges().size(), 2u);
  ASSERT_EQ(applied.graph.roots().size(), 1u);
  EXPECT_EQ(applied.graph.roots()[0].kind, HL_ROOT_STACK);
  EXPECT_EQ(applied.graph.roots()[0].reference, ReferenceClass::kExact);
  EXPECT_EQ(applied.types.Name(a), "list");
  ASSERT_NE(applied.types.CountOf(b), nullptr);
  EXPECT_EQ(applied.types.CountOf(b)->expected, 2u);
  EXPECT_EQ(applied.types.CountOf(b)->place, 2);
}

TEST(EdgeRulesTest, WithoutTheShippedRulesTheCollectorsLinksAreFollowed) {
  GraphBuilder heap;
  AddInterpreter(&heap);
  const Vertex a = heap.Block(64), weakref = heap.Block(80);
  heap.Edge(a, 0, weakref);       // next
  heap.Edge(a, 48, weakref, 16);  // the list of weak references to it
  heap.Edge(weakref, 8, a);       // prev
  heap.Edge(weakref, 32, a, 16);  // wr_object
  Collected(&heap, a, 1, kListType);
  Collected(&heap, weakref, 1, kWeakrefType);
  const Applied with(&heap);
  EXPECT_EQ(with.graph.weak_edges().size(), 4u);
  const Applied without(&heap, {}, CollectorLinks::kFollowed);
  EXPECT_EQ(without.graph.weak_edges().size(), 0u);
  EXPECT_EQ(without.graph.edges().target.size(), 4u);
  EXPECT_EQ(without.types.Name(a), "list");
}

TEST(EdgeRulesTest, InstancesOfClassesAreFoundThroughTheirClass) {
  GraphBuilder heap;
  AddInterpreter(&heap);
  const Vertex type = heap.Block(1024), object = heap.Block(64),
               no_object = heap.Block(64);
  heap.Edge(object, 24, type, 16);
  heap.Edge(no_object, 24, type, 32);
  Collected(&heap, type, 5, kMetatype);
  Collected(&heap, object, 1, 0);
  Collected(&heap, no_object, 1, 0);
  heap.snapshot()->type_names.push_back({heap.AddressOf(type) + 16, "Node"});
  const Applied applied(&heap);
  EXPECT_EQ(applied.types.Name(type), "type");
  EXPECT_EQ(applied.types.Name(object), "Node");
  EXPECT_EQ(applied.types.PythonAt(no_object), nullptr);
}

TEST(EdgeRulesTest, WhatAWeakReferenceWatchesIsNotHeldByIt) {
  GraphBuilder heap;
  AddInterpreter(&heap);
  const Vertex weakref = heap.Block(80), object = heap.Block(64);
  heap.Edge(weakref, 32, object, 16);  // wr_object, counted from the object
  heap.Edge(weakref, 40, object, 16);  // its callback
  heap.Edge(object, 48, weakref, 16);  // the object's list of them
  Collected(&heap, weakref, 1, kWeakrefType);
  Collected(&heap, object, 1, kListType);
  const Applied applied(&heap);
  ASSERT_EQ(applied.graph.edges().target.size(), 1u);
  EXPECT_EQ(applied.graph.Offset(0), 40u);
}

TEST(EdgeRulesTest, WithoutAnInterpreterNothingIsItsObject) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(64);
  heap.Edge(a, 0, b);
  Collected(&heap, a, 1, kListType);
  const Applied applied(&heap);
  EXPECT_TRUE(applied.types.python.empty());
  EXPECT_EQ(applied.graph.edges().target.size(), 1u);
}

TEST(EdgeRulesTest, BehindTheCookieOfAnArrayIsItsBeginning) {
  GraphBuilder heap;
  const Vertex array = heap.Block(8 + 3 * 24), odd = heap.Block(8 + 3 * 24);
  Word(&heap, array, 0, HL_WORD_COUNTS, 3);
  Word(&heap, odd, 0, HL_WORD_COUNTS, 5);
  heap.Root(HL_ROOT_GLOBAL, array, 8);
  heap.Root(HL_ROOT_GLOBAL, odd, 8);
  const Applied applied(&heap);
  EXPECT_EQ(applied.graph.roots()[0].reference, ReferenceClass::kExact);
  EXPECT_EQ(applied.graph.roots()[1].reference, ReferenceClass::kInterior);
}

TEST(EdgeRulesTest, AUsersRulesNameTypesAndSites) {
  GraphBuilder heap;
  AddInterpreter(&heap);
  const Vertex a = heap.Block(64), b = heap.Block(64);
  heap.Edge(a, 40, b, 16);
  heap.Edge(a, 48, b, 16);
  Collected(&heap, a, 1, kListType);
  Collected(&heap, b, 1, kListType);
  const absl::StatusOr<std::vector<EdgeRule>> rules =
      TryParseEdgeRules("# mine\n\nweak type \"li?t\" +24\n", "mine");
  ASSERT_TRUE(rules.ok()) << rules.status();
  const Applied applied(&heap, *rules);
  ASSERT_EQ(applied.graph.edges().target.size(), 1u);
  EXPECT_EQ(applied.graph.Offset(0), 48u);

  GraphBuilder other;
  other.Block(64);
  other.Block(64);
  other.Edge(0, 8, 1);
  other.Edge(0, 16, 1);
  ObjectGraph graph(other.Build());
  ObjectTypes types;
  types.names.push_back("");
  ApplyEdgeRules(
      *TryParseEdgeRules("weak site *list.c:34 +0x10", "mine"),
      CollectorLinks::kWeak,
      [](NodeId) { return std::string("/src/list.c:34"); }, &types, &graph);
  ASSERT_EQ(graph.edges().target.size(), 1u);
  EXPECT_EQ(graph.Offset(0), 8u);
}

TEST(EdgeRulesTest, ADeclaredCountIsReadFromTheObjectsWords) {
  GraphBuilder heap;
  const Vertex v = heap.Block(64);
  Word(&heap, v, 1, HL_WORD_COUNTS, (uint64_t{7} << 32) | 3);
  ObjectGraph graph(heap.Build());
  ObjectTypes types;
  types.names.push_back("");
  ApplyEdgeRules(
      *TryParseEdgeRules("count site a.cc:1 8", "mine"), CollectorLinks::kWeak,
      [](NodeId) { return std::string("a.cc:1"); }, &types, &graph);
  ASSERT_NE(types.CountOf(v), nullptr);
  EXPECT_EQ(types.CountOf(v)->expected, 3u);
}

TEST(EdgeRulesTest, ATextRefersToItsOwnMemoryAlone) {
  GraphBuilder heap;
  AddInterpreter(&heap);
  const Vertex text = heap.Block(200), list = heap.Block(64),
               memory = heap.Block(100);
  Word(&heap, text, 0, HL_WORD_COUNTS, 1);
  Word(&heap, text, 1, HL_WORD_MODULE, kTextType);
  Collected(&heap, list, 1, kListType);
  heap.Edge(text, 40, memory);
  heap.Edge(text, 48, list, 16);
  heap.Edge(text, 96, memory);
  const Applied applied(&heap);
  ASSERT_EQ(applied.graph.edges().target.size(), 1u);
  EXPECT_EQ(applied.graph.Offset(0), 40u);
  EXPECT_EQ(applied.graph.weak_edges().size(), 2u);
  const Applied without(&heap, {}, CollectorLinks::kFollowed);
  EXPECT_EQ(without.graph.edges().target.size(), 3u);
}

TEST(EdgeRulesTest, AnInstancesAttributesAreItsOwn) {
  GraphBuilder heap;
  AddInterpreter(&heap);
  const Vertex instance = heap.Block(64), attributes = heap.Block(100),
               other = heap.Block(64);
  Word(&heap, instance, 4, HL_WORD_COUNTS, 1);
  Word(&heap, instance, 5, HL_WORD_MODULE, kListType);
  Collected(&heap, other, 1, kListType);
  heap.Edge(instance, 0, attributes, 32);
  heap.Edge(attributes, 8, other, 16);  // before the first attribute
  heap.Edge(attributes, 40, other, 16);
  heap.Edge(other, 40, attributes, 48);
  heap.Root(HL_ROOT_STACK, attributes, 40);
  const Applied applied(&heap);
  const Digraph edges = applied.graph.edges();
  EXPECT_EQ(std::vector<Vertex>(edges.target.begin(), edges.target.end()),
            (std::vector<Vertex>{attributes, other}));
  EXPECT_EQ(applied.graph.Offset(1), 40u);
  EXPECT_TRUE(applied.graph.roots().empty());
}

TEST(EdgeRulesTest, TheLoadersTablesAreReferredToExactly) {
  const std::string loaders_path = "/lib64/ld-linux-x86-64.so.2";
  for (const std::string& path : {loaders_path, std::string("/lib/libc.so")}) {
    GraphBuilder heap;
    const Vertex table = heap.Block(2304);
    heap.Root(HL_ROOT_GLOBAL, table, 64);
    Module loader;
    loader.start = 0x6000;
    loader.end = 0x8000;  // roots of GraphBuilder stand there
    loader.path = path;
    heap.snapshot()->modules.push_back(loader);
    const Applied applied(&heap);
    EXPECT_EQ(applied.graph.roots()[0].reference,
              path == loaders_path ? ReferenceClass::kExact
                                   : ReferenceClass::kInterior);
  }
}

TEST(EdgeRulesTest, AThreadsVectorOfTlsBlocksIsReferredToExactly) {
  constexpr uint32_t kAlive = 7, kEnded = 0;
  for (const uint32_t owner : {kAlive, kEnded}) {
    for (const uint64_t place : {16u, 24u}) {
      GraphBuilder heap;
      heap.Root(HL_ROOT_THREAD, heap.Block(288), place, owner);
      const uint64_t source = heap.snapshot()->roots.source[0];
      // Of a thread that lives its descriptor, else the one word.
      heap.snapshot()->root_areas.push_back(
          {HL_ROOT_THREAD, owner, owner == kAlive ? source - 8 : source, 64});
      const Applied applied(&heap);
      EXPECT_EQ(
          applied.graph.roots()[0].reference,
          place == 16 ? ReferenceClass::kExact : ReferenceClass::kInterior);
    }
  }
}

TEST(EdgeRulesTest, ABadLineIsNamed) {
  using ::testing::HasSubstr;
  for (const char* line : {"strong type Node +8", "weak file Node +8",
                           "weak type Node +7", "weak type Node", "weak type",
                           "weak type \"\" +8", "weak type Node +8x"}) {
    const absl::Status status =
        TryParseEdgeRules(std::string("# one\n") + line, "mine").status();
    ASSERT_FALSE(status.ok()) << line;
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 2"));
  }
}

TEST(ObjectTypesTest, TheManagedClassOfASharedPointersBlock) {
  EXPECT_EQ(ManagedClass("std::_Sp_counted_ptr_inplace<a::Node<int, 3>, "
                         "std::allocator<void>, (__gnu_cxx::_Lock_policy)2>"),
            "a::Node<int, 3>");
  EXPECT_EQ(ManagedClass("std::_Sp_counted_ptr<Node*, "
                         "(__gnu_cxx::_Lock_policy)2>"),
            "Node (count of std::shared_ptr)");
  EXPECT_EQ(ManagedClass("Node"), "Node");
  EXPECT_EQ(ManagedClass("std::_Sp_counted_"), "std::_Sp_counted_");
}

}  // namespace
}  // namespace heapline
