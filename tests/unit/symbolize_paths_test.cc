// A snapshot names files, and may be hostile: what it names is opened only
// where a module can be, never waited for, and never but by an absolute path.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "analyzer/symbolize/class_members.h"
#include "symbolize_fixture.h"

namespace heapline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Notices when anybody opens a file.
class OpenWatch {
 public:
  explicit OpenWatch(const std::string& path)
      : watch_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(inotify_add_watch(watch_, path.c_str(), IN_OPEN), 0) << path;
  }
  ~OpenWatch() { close(watch_); }
  bool WasOpened() const {
    char events[4096];
    return read(watch_, events, sizeof events) > 0;
  }

 private:
  const int watch_;
};

class SymbolizePathsTest : public SymbolizeTest {
 protected:
  // Symbolizes code of a module that is said to be at `path`.
  std::vector<std::string> NotesOf(const std::string& path,
                                   const std::string& build_id) {
    SnapshotBuilder builder;
    builder.AddModule(sample_, path).build_id = build_id;
    const NodeId node =
        builder.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
    symbolizer_ = Symbolizer::Create(PlainOptions());
    frames_ = symbolizer_->Symbolize(builder.snapshot(), {node}).at(0);
    return symbolizer_->Notes();
  }
  // A data member of a class whose names all stand in an alternate file.
  std::string MemberOf(const std::string& path) {
    SnapshotBuilder builder;
    builder.AddModule(sample_, path);
    ClassMembers members(builder.snapshot(), PlainOptions());
    return members.MemberAt(0, "sample::Linked", sample_.offsets.name);
  }
  std::unique_ptr<Symbolizer> symbolizer_;  // owns the frames' texts
  std::vector<SourceFrame> frames_;
};

TEST_F(SymbolizePathsTest, AFileThatIsNoRegularOneIsNeverOpened) {
  const std::string pipe = Path("pipe.so");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, std::string("/dev/zero")}) {
    for (const std::string& build_id : {std::string(), sample_.build_id}) {
      const OpenWatch watch(path);
      const std::vector<std::string> notes = NotesOf(path, build_id);
      EXPECT_FALSE(watch.WasOpened()) << path;
      ASSERT_EQ(notes.size(), 1u);
      EXPECT_THAT(notes[0], HasSubstr("not a regular file"));
    }
  }
}

TEST_F(SymbolizePathsTest, AnAlternateFileThatIsAPipeIsNeverOpened) {
  const std::string pipe = Path("real/names.debug");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  // So that whoever opens it is noticed and does not wait.
  const int writer = open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  const std::string module = Path("real/lib.so");
  MakeCopyWithAlternate(module, "names.debug");
  const std::string link = Path("link.so");
  ASSERT_EQ(symlink(module.c_str(), link.c_str()), 0);
  for (const std::string& path : {module, link}) {
    const OpenWatch watch(pipe);
    EXPECT_EQ(MemberOf(path), "");
    EXPECT_FALSE(watch.WasOpened()) << path;
    EXPECT_THAT(NotesOf(path, sample_.build_id),
                ElementsAre(HasSubstr("names.debug is missing")));
    EXPECT_FALSE(watch.WasOpened()) << path;
    ASSERT_EQ(frames_.size(), 3u);
    EXPECT_EQ(static_cast<int>(frames_[0].line), sample_.lines.record);
  }
  close(writer);
}

TEST_F(SymbolizePathsTest, AnAlternateFileOfAnotherBuildIsNotUsed) {
  const std::string module = Path("lib.so");
  MakeCopyWithAlternate(module, "names.debug");
  const std::string names = Path("names.debug");
  WriteFile(names, ReadFile(sample_.path));
  EXPECT_EQ(MemberOf(module), "name[0]");
  Run("objcopy --remove-section .note.gnu.build-id '" + names + "'");
  EXPECT_EQ(MemberOf(module), "");
}

TEST_F(SymbolizePathsTest, FilesOfTheKernelAreNeverOpened) {
  for (const char* path : {"/proc/self/mem", "/proc/kmsg", "/proc/kcore",
                           "/proc/self/maps", "/sys/kernel/notes"}) {
    if (access(path, F_OK) != 0) continue;
    const OpenWatch watch(path);
    const std::vector<std::string> notes = NotesOf(path, "");
    EXPECT_FALSE(watch.WasOpened()) << path;
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_THAT(notes[0], HasSubstr("no file on disk")) << path;
  }
}

TEST_F(SymbolizePathsTest, ARelativePathIsNeverOpened) {
  // With the right build-id, even: nobody knows what it was relative to.
  const std::string library = Path("here/lib.so");
  WriteFile(library, ReadFile(sample_.path));
  WriteFile(Path("here/below/none"), "");
  char before[4096];
  ASSERT_NE(getcwd(before, sizeof before), nullptr);
  ASSERT_EQ(chdir(Path("here/below").c_str()), 0);
  for (const char* path : {"../lib.so", "./../lib.so", "below/../../lib.so"}) {
    const OpenWatch watch(library);
    NotesOf(path, sample_.build_id);
    EXPECT_FALSE(watch.WasOpened()) << path;
    EXPECT_EQ(frames_.size(), 1u);
  }
  ASSERT_EQ(chdir(before), 0);
  // The watch does notice.
  const OpenWatch watch(library);
  NotesOf(library, sample_.build_id);
  EXPECT_TRUE(watch.WasOpened());
  ExpectInlinedChain(frames_, sample_);
}

TEST_F(SymbolizePathsTest, APathCannotLeaveTheSysroot) {
  const std::string outside = Path("secret.so");
  WriteFile(outside, ReadFile(sample_.path));
  WriteFile(Path("root/none"), "");
  SnapshotBuilder builder;
  builder.AddModule(sample_, "/../secret.so").build_id = "";
  const NodeId node =
      builder.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  SymbolizerOptions options = PlainOptions();
  options.sysroot = Path("root");
  const OpenWatch watch(outside);
  Symbolizer::Create(options)->Symbolize(builder.snapshot(), {node});
  EXPECT_FALSE(watch.WasOpened());
}

TEST_F(SymbolizePathsTest, BuildIdsLeadOnlyIntoTheirFolders) {
  // As hexadecimal digits: slashes and dots of a build-id lead nowhere.
  const std::string outside = Path("evil.debug");
  WriteFile(outside, ReadFile(sample_.path));
  SnapshotBuilder builder;
  builder.AddModule(sample_, "/nowhere/lib.so").build_id = "/../../evil";
  const NodeId node =
      builder.AddNode(sample_.build_address, HL_NODE_RETURN_ADDRESS);
  SymbolizerOptions options = PlainOptions();
  options.debug_directories = {Path("debug")};
  const OpenWatch watch(outside);
  Symbolizer::Create(options)->Symbolize(builder.snapshot(), {node});
  EXPECT_FALSE(watch.WasOpened());
}

TEST_F(SymbolizePathsTest, ASecretIsNeverShownThoughItCanBeRead) {
  // Of a file that is no module nothing is told but that.
  const std::string secret = Path("shadow");
  WriteFile(secret, "root:$6$secret:19000:0:99999:7:::\n");
  const std::vector<std::string> notes = NotesOf(secret, "");
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0], HasSubstr("not an ELF file"));
  EXPECT_THAT(notes[0], ::testing::Not(HasSubstr("secret:1")));
  ASSERT_EQ(frames_.size(), 1u);
  EXPECT_THAT(*frames_[0].function, HasSubstr("shadow+0x"));
}

}  // namespace
}  // namespace heapline
