// Modules: what the loader has at an address, kept beyond its unloading.
#include "preload/modules.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "heapline/snapshot_format.h"
#include "preload/cfi_rules.h"
#include "preload/tracer.h"

extern char** environ;

namespace heapline {
namespace {

class ModulesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    tracer.environment = environ;
    ASSERT_TRUE(InitializeModules());
    ASSERT_TRUE(InitializeRules());
  }
};

uintptr_t AddressOf(void* symbol) {
  return reinterpret_cast<uintptr_t>(symbol);
}

TEST_F(ModulesTest, NotesTheExecutableByItsPath) {
  const Module* module = NoteModuleAt(reinterpret_cast<uintptr_t>(&AddressOf));
  ASSERT_NE(module, nullptr);
  char path[PATH_MAX] = {};
  ASSERT_GT(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
  EXPECT_STREQ(module->path, path);
  EXPECT_TRUE(module->flags & HL_MODULE_MAIN);
  EXPECT_EQ(module->build_id_bytes, 20);
}

TEST_F(ModulesTest, NotesALibraryOnce) {
  void* symbol = dlsym(RTLD_DEFAULT, "strlen");
  const Module* module = NoteModuleAt(AddressOf(dlsym(RTLD_DEFAULT, "fopen")));
  ASSERT_NE(module, nullptr);
  ASSERT_NE(symbol, nullptr);
  EXPECT_NE(std::strstr(module->path, "/libc.so.6"), nullptr);
  EXPECT_EQ(module->generation, 0);
  const size_t count = ModuleCount();
  EXPECT_EQ(NoteModuleAt(AddressOf(dlsym(RTLD_DEFAULT, "abort"))), module);
  EXPECT_EQ(ModuleCount(), count);
  EXPECT_EQ(ModuleStart(AddressOf(dlsym(RTLD_DEFAULT, "abort"))),
            module->start);
}

TEST_F(ModulesTest, StacksAndHeapAreInNoModule) {
  int local = 0;
  EXPECT_EQ(NoteModuleAt(reinterpret_cast<uintptr_t>(&local)), nullptr);
  EXPECT_EQ(NoteModuleAt(0), nullptr);
  EXPECT_EQ(ModuleStart(16), 0u);
}

// One of the libraries that are built for this test, loaded.
struct Plugin {
  void* handle;
  uintptr_t function;
};

Plugin Load(const char* path) {
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return {handle, AddressOf(dlsym(handle, "heapline_test_plugin"))};
}

TEST_F(ModulesTest, AnotherLibraryAtTheSameAddressHasTheNextGeneration) {
  const Plugin first = Load(HEAPLINE_TEST_PLUGIN_A);
  ASSERT_NE(first.handle, nullptr) << dlerror();
  const Module* a = NoteModuleAt(first.function);
  ASSERT_NE(a, nullptr);
  const uintptr_t start = a->start;
  EXPECT_EQ(a->generation, 0);
  EXPECT_EQ(RuleFor(first.function + 1, false).generation, 0);
  dlclose(first.handle);
  NoticeUnloads();
  EXPECT_TRUE(a->flags & HL_MODULE_UNLOADED);
  EXPECT_NE(std::strstr(a->path, "plugin_a"), nullptr);

  const Plugin second = Load(HEAPLINE_TEST_PLUGIN_B);
  const Module* b = NoteModuleAt(second.function);
  ASSERT_NE(b, nullptr);
  if (b->start != start) GTEST_SKIP() << "the loader chose another address";
  EXPECT_NE(a, b);
  EXPECT_EQ(b->generation, 1);
  EXPECT_EQ(RuleFor(second.function + 1, false).generation, 1)
      << "the rule of the first must be forgotten";
  dlclose(second.handle);
  NoticeUnloads();

  const Plugin again = Load(HEAPLINE_TEST_PLUGIN_A);
  const Module* back = NoteModuleAt(again.function);
  if (back->start != start) GTEST_SKIP() << "the loader chose another address";
  EXPECT_EQ(back, a) << "the same library coming back is the same module";
  EXPECT_FALSE(back->flags & HL_MODULE_UNLOADED);
  EXPECT_EQ(RuleFor(again.function + 1, false).generation, 0);
  dlclose(again.handle);
}

TEST_F(ModulesTest, AnUnloadThatNobodyToldOfIsNoticedByTheNextLibrary) {
  const Plugin first = Load(HEAPLINE_TEST_PLUGIN_A);
  const Module* a = NoteModuleAt(first.function);
  const uintptr_t start = a->start;
  dlclose(first.handle);
  const Plugin second = Load(HEAPLINE_TEST_PLUGIN_B);
  const Module* b = NoteModuleAt(second.function);
  if (b->start != start) GTEST_SKIP() << "the loader chose another address";
  EXPECT_NE(a, b);
  EXPECT_TRUE(a->flags & HL_MODULE_UNLOADED);
  dlclose(second.handle);
}

TEST_F(ModulesTest, UnloadingRaisesTheRuleGeneration) {
  NoticeUnloads();  // of what other tests left
  const Plugin plugin = Load(HEAPLINE_TEST_PLUGIN_A);
  RuleFor(plugin.function + 1, false);
  const uint64_t generation = RuleGeneration();
  NoticeUnloads();
  EXPECT_EQ(RuleGeneration(), generation) << "nothing was unloaded";
  dlclose(plugin.handle);
  NoticeUnloads();
  EXPECT_GT(RuleGeneration(), generation);
}

TEST_F(ModulesTest, TheVdsoIsMarked) {
  for (size_t i = 0; i < ModuleCount(); ++i) {
    const bool is_named = std::string(ModuleAt(i).path) == "[vdso]";
    EXPECT_EQ(is_named, (ModuleAt(i).flags & HL_MODULE_VDSO) != 0);
  }
}

}  // namespace
}  // namespace heapline
