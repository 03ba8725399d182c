// The name of a snapshot comes from another process: what is moved, and what
// is not touched whatever that process says.
#include "analyzer/command/move_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "heapline/snapshot_format.h"

namespace heapline {
namespace {

class MoveFile : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/heapline-move-XXXXXX";
    ASSERT_NE(nullptr, mkdtemp(name));
    folder_ = name;
  }
  void TearDown() override {
    const std::string command = "rm -rf " + folder_;
    ASSERT_EQ(0, std::system(command.c_str()));
  }
  std::string In(const std::string& name) { return folder_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& bytes) {
    std::ofstream(In(name)) << bytes;
    return In(name);
  }
  static bool Exists(const std::string& path) {
    struct stat facts;
    return lstat(path.c_str(), &facts) == 0;
  }
  static std::string Read(const std::string& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path).rdbuf();
    return bytes.str();
  }

  std::string folder_;
  const std::string snapshot_ = std::string(HL_MAGIC, HL_MAGIC_BYTES) + "rest";
};

TEST_F(MoveFile, ASnapshotGetsItsNewName) {
  const std::string from = Write("a.hl", snapshot_);
  const auto moved = TryMoveSnapshot(from, getuid(), In("b.hl"));
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(In("b.hl"), *moved);
  EXPECT_EQ(snapshot_, Read(In("b.hl")));
  EXPECT_FALSE(Exists(from));
}

TEST_F(MoveFile, AnExistingFileIsReplacedAndADirectoryTakesTheOldName) {
  Write("b.hl", "old");
  ASSERT_TRUE(
      TryMoveSnapshot(Write("a.hl", snapshot_), getuid(), In("b.hl")).ok());
  EXPECT_EQ(snapshot_, Read(In("b.hl")));
  ASSERT_EQ(0, mkdir(In("d").c_str(), 0700));
  const auto moved = TryMoveSnapshot(In("b.hl"), getuid(), In("d"));
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(In("d/b.hl"), *moved);
}

TEST_F(MoveFile, AcrossFileSystemsItIsCopiedWhole) {
  struct stat here;
  struct stat there;
  ASSERT_EQ(0, stat(folder_.c_str(), &here));
  if (stat("/dev/shm", &there) != 0 || here.st_dev == there.st_dev) {
    GTEST_SKIP() << "/dev/shm is no other file system here";
  }
  const std::string large = snapshot_ + std::string(1 << 20, 'x');
  const std::string from = Write("a.hl", large);
  const std::string to =
      "/dev/shm/heapline-move-" + std::to_string(getpid()) + ".hl";
  const auto moved = TryMoveSnapshot(from, getuid(), to);
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(large, Read(to));
  EXPECT_FALSE(Exists(from));
  struct stat facts;
  ASSERT_EQ(0, stat(to.c_str(), &facts));
  EXPECT_EQ(0600u, facts.st_mode & 0777u);
  unlink(to.c_str());
}

TEST_F(MoveFile, WhatIsNoSnapshotOfThatUserIsNotTouched) {
  const std::string secret = Write("secret", "not a snapshot");
  const std::string link = In("link.hl");
  const std::string target = Write("target.hl", snapshot_);
  ASSERT_EQ(0, symlink(target.c_str(), link.c_str()));
  ASSERT_EQ(0, mkfifo(In("fifo").c_str(), 0600));
  const struct {
    std::string from;
    uid_t owner;
  } rows[] = {{secret, getuid()},     {link, getuid()},
              {In("fifo"), getuid()}, {folder_, getuid()},
              {target, getuid() + 1}, {In("absent"), getuid()},
              {"relative", getuid()}, {"", getuid()}};
  for (const auto& row : rows) {
    EXPECT_FALSE(TryMoveSnapshot(row.from, row.owner, In("out.hl")).ok())
        << row.from;
    EXPECT_FALSE(Exists(In("out.hl"))) << row.from;
  }
  EXPECT_TRUE(Exists(secret));
  EXPECT_TRUE(Exists(target));
}

TEST_F(MoveFile, WhereItCannotBePutItStays) {
  const std::string from = Write("a.hl", snapshot_);
  const auto moved = TryMoveSnapshot(from, getuid(), In("absent/b.hl"));
  ASSERT_FALSE(moved.ok());
  EXPECT_TRUE(Exists(from));
}

}  // namespace
}  // namespace heapline
