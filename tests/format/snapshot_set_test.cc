// Directories as FILE arguments.
#include "analyzer/snapshot/snapshot_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string FileOfProcess(int start, int pid, int sequence) {
  return FileOf(absl::StrCat("property program app\nproperty start_time_ns ",
                             start, "\nproperty pid ", pid,
                             "\nproperty sequence ", sequence, "\n"));
}

std::vector<std::string> NamesOf(const std::vector<SnapshotFile>& files) {
  std::vector<std::string> names;
  for (const SnapshotFile& file : files) {
    names.push_back(file.path.substr(file.path.rfind('/') + 1));
  }
  return names;
}

TEST(SnapshotSet, OrdersByProcessStartThenPidThenSequence) {
  const TestDirectory directory;
  directory.Write("a.9.10.hl", FileOfProcess(100, 9, 10));
  directory.Write("a.9.2.hl", FileOfProcess(100, 9, 2));
  directory.Write("z.3.1.hl", FileOfProcess(50, 3, 1));
  directory.Write("b.10.1.hl", FileOfProcess(100, 10, 1));
  const auto files = TryListSnapshots(directory.path());
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(NamesOf(*files),
              ElementsAre("z.3.1.hl", "a.9.2.hl", "a.9.10.hl", "b.10.1.hl"));
  const std::vector<ProcessSnapshots> processes = ByProcess(*files);
  ASSERT_EQ(processes.size(), 3u);
  EXPECT_EQ(processes[1].pid, 9u);
  EXPECT_EQ(processes[1].program, "app");
  EXPECT_THAT(NamesOf(processes[1].files),
              ElementsAre("a.9.2.hl", "a.9.10.hl"));
  EXPECT_THAT(NamesOf(LastOfEachProcess(*files)),
              ElementsAre("z.3.1.hl", "a.9.10.hl", "b.10.1.hl"));
}

TEST(SnapshotSet, TakesSnapshotsOnly) {
  const TestDirectory directory;
  directory.Write("a.hl", FileOfProcess(1, 1, 1));
  directory.Write("text", absl::StrCat("heapline-text 1\nproperty pid 1\n",
                                       "property start_time_ns 1\n"
                                       "property sequence 2\n"));
  directory.Write("notes.txt", "hello\n");
  directory.Write(".app.1.77.tmp", FileOfProcess(1, 1, 3));
  directory.Write("half.tmp", FileOfProcess(1, 1, 4));
  ASSERT_EQ(mkdir((directory.path() + "/sub").c_str(), 0700), 0);
  const auto files = TryListSnapshots(directory.path() + "/");
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(NamesOf(*files), ElementsAre("a.hl", "text"));
}

TEST(SnapshotSet, KeepsThoseThatCannotBeReadSoThatSomebodySaysSo) {
  const TestDirectory directory;
  directory.Write("new", FileHeader(2));
  directory.Write("bad.hl", "garbage");
  const auto files = TryListSnapshots(directory.path());
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(NamesOf(*files), ElementsAre("bad.hl", "new"));
}

TEST(SnapshotSet, TakesAFileUnread) {
  const auto files = TryListSnapshots("/nowhere/a.hl");
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(NamesOf(*files), ElementsAre("a.hl"));
}

TEST(SnapshotSet, RefusesADirectoryWithoutSnapshots) {
  const TestDirectory directory;
  const auto files = TryListSnapshots(directory.path());
  ASSERT_FALSE(files.ok());
  EXPECT_THAT(std::string(files.status().message()),
              HasSubstr("no snapshot is in it"));
}

}  // namespace
}  // namespace heapline
