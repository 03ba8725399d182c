// symbolize_fixture.h: what the symbolizer's tests speak of: the sample
// library as loaded, copies of it made with objcopy, snapshots made in memory,
// and a folder that is gone after the test.
#ifndef HEAPLINE_TESTS_UNIT_SYMBOLIZE_FIXTURE_H_
#define HEAPLINE_TESTS_UNIT_SYMBOLIZE_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/snapshot/snapshot.h"
#include "analyzer/symbolize/symbolizer.h"
#include "symbolize_sample.h"

namespace heapline {

// The sample library in this process, and the addresses its recorder saw.
struct LoadedSample {
  std::string path;
  std::string build_id;
  uint64_t load_bias = 0;
  uint64_t build_address = 0;  // return addresses
  uint64_t leave_address = 0;
  uint64_t lambda_address = 0;
  SampleLines lines{};
  SampleOffsets offsets{};
};

// REQUIRES: one of the libraries built from symbolize_sample.cc.
LoadedSample LoadSample(const std::string& path);

// Snapshots with few nodes, all children of the root.
class SnapshotBuilder {
 public:
  SnapshotBuilder();
  // At [bias, bias + 1 MiB), of the sample's build-id unless another is given.
  Module& AddModule(const LoadedSample& sample, const std::string& path);
  NodeId AddNode(uint64_t address, HlNodeKind kind, uint32_t generation = 0);
  Snapshot& snapshot() { return snapshot_; }

 private:
  Snapshot snapshot_;
};

class SymbolizeTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Path in the test's own folder; folders on the way are made.
  std::string Path(const std::string& name) const;
  void WriteFile(const std::string& path, const std::string& bytes) const;
  std::string ReadFile(const std::string& path) const;
  // Runs a shell command that must succeed.
  void Run(const std::string& command) const;

  // A copy of the sample at `path`, all of whose names are in another file of
  // the sample's build, called `alternate`: as dwz makes it.
  void MakeCopyWithAlternate(const std::string& path,
                             const std::string& alternate) const;

  // No cache, no network.
  SymbolizerOptions PlainOptions() const;

  // Frames of sample_build's address where the module is `path`.
  std::vector<SourceFrame> FramesOfBuild(Symbolizer* symbolizer,
                                         const LoadedSample& sample,
                                         const std::string& path) const;
  // They are the three functions with their lines.
  void ExpectInlinedChain(const std::vector<SourceFrame>& frames,
                          const LoadedSample& sample) const;

  LoadedSample sample_;

 private:
  std::string directory_;
};

// The frames as text, for comparison and messages.
std::string TextOf(const std::vector<SourceFrame>& frames);

}  // namespace heapline

#endif  // HEAPLINE_TESTS_UNIT_SYMBOLIZE_FIXTURE_H_
