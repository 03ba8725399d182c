// Packing: smaller, the same snapshot, and careful with the file.
#include "analyzer/snapshot/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_form.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::HasSubstr;

std::string FileWithBlocks(size_t count) {
  Snapshot snapshot = SnapshotOf(
      "node 1 return 0x1000\nsection 9999 records=1\n"
      "hex 000102030405060708090a0b0c0d0e0f\n");
  for (size_t i = 1; i <= count; ++i) {
    snapshot.blocks.address.push_back(i * 64);
    snapshot.blocks.requested_bytes.push_back(48);
    snapshot.blocks.node.push_back(NodeId{1});
    snapshot.blocks.epoch.push_back(0);
  }
  return EncodeSnapshot(snapshot);
}

std::string MustPack(const std::string& file, PackResult* result) {
  const absl::StatusOr<std::string> packed =
      PackSnapshot(Bytes(file), "test", result);
  EXPECT_TRUE(packed.ok()) << packed.status();
  return packed.ok() ? *packed : "";
}

TEST(Pack, LosesNothing) {
  const std::string file = FileWithBlocks(5000);
  PackResult result;
  const std::string packed = MustPack(file, &result);
  EXPECT_EQ(result.outcome, PackResult::kPacked);
  EXPECT_EQ(result.old_bytes, file.size());
  EXPECT_EQ(result.new_bytes, packed.size());
  EXPECT_LT(packed.size() * 4, file.size());
  EXPECT_EQ(DamageOf(packed), "");
  EXPECT_EQ(WriteTextForm(MustRead(packed)), WriteTextForm(MustRead(file)));
}

TEST(Pack, StaysWithinWhatAReaderAllows) {
  // 24 MiB of one repeated record: packs far below the limits of the format.
  const std::string file = FileWithBlocks(6 << 20);
  PackResult result;
  const std::string packed = MustPack(file, &result);
  EXPECT_LT(packed.size(), file.size() / 4);
  EXPECT_EQ(DamageOf(packed), "");
  EXPECT_EQ(MustRead(packed).blocks.size(), size_t{6} << 20);
}

TEST(Pack, RefusesWhatIsNoWholeBinarySnapshot) {
  PackResult result;
  const std::string text = kEveryKind;
  EXPECT_THAT(
      std::string(PackSnapshot(Bytes(text), "t", &result).status().message()),
      HasSubstr("text form"));
  const std::string other = "hello\n";
  EXPECT_THAT(
      std::string(PackSnapshot(Bytes(other), "t", &result).status().message()),
      HasSubstr("not a snapshot but a text file"));
  std::string damaged = FileWithBlocks(100);
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_THAT(
      std::string(
          PackSnapshot(Bytes(damaged), "t", &result).status().message()),
      HasSubstr("packing would hide what is lost"));
}

TEST(Pack, ReplacesTheFileAndKeepsItsMode) {
  const TestDirectory directory;
  for (const mode_t mode : {0600, 0640}) {
    const std::string path =
        directory.Write("a.hl", FileWithBlocks(1000), mode);
    const absl::StatusOr<PackResult> result = TryPackFile(path);
    ASSERT_TRUE(result.ok()) << result.status();
    struct stat facts;
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, mode);
    EXPECT_EQ(static_cast<uint64_t>(facts.st_size), result->new_bytes);
    EXPECT_LT(result->new_bytes, result->old_bytes);
  }
  // Nothing but the snapshot is left.
  size_t entries = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory.path())) {
    (void)entry;
    ++entries;
  }
  EXPECT_EQ(entries, 1u);
}

TEST(Pack, LeavesWhatIsPackedOrTooSmall) {
  const TestDirectory directory;
  const std::string path = directory.Write("a.hl", FileWithBlocks(1000));
  ASSERT_TRUE(TryPackFile(path).ok());
  const std::string once = directory.Read("a.hl");
  const absl::StatusOr<PackResult> again = TryPackFile(path);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->outcome, PackResult::kWasPacked);
  EXPECT_EQ(directory.Read("a.hl"), once);

  const std::string tiny = FileOf("property pid 1\n");
  const absl::StatusOr<PackResult> small =
      TryPackFile(directory.Write("b.hl", tiny));
  ASSERT_TRUE(small.ok()) << small.status();
  EXPECT_EQ(small->outcome, PackResult::kNoGain);
  EXPECT_EQ(directory.Read("b.hl"), tiny);
}

TEST(Pack, FollowsASymbolicLinkAndLeavesIt) {
  const TestDirectory directory;
  const std::string file = directory.Write("real.hl", FileWithBlocks(1000));
  const std::string link = directory.path() + "/link.hl";
  ASSERT_EQ(symlink("real.hl", link.c_str()), 0);
  ASSERT_TRUE(TryPackFile(link).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  const absl::StatusOr<PackResult> result = TryPackFile(file);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->outcome, PackResult::kWasPacked);
}

}  // namespace
}  // namespace heapline
