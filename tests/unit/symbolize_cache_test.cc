// The symbol cache: a hit gives equal answers, anything doubtful is ignored.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <utime.h>

#include "analyzer/symbolize/elf_module.h"
#include "analyzer/symbolize/symbol_cache.h"
#include "analyzer/symbolize/symbol_cache_file.h"
#include "symbolize_fixture.h"

namespace heapline {
namespace {

class SymbolizeCacheTest : public SymbolizeTest {
 protected:
  SymbolizerOptions CachingOptions() {
    SymbolizerOptions options;
    options.cache_directory = Path("cache/heapline");
    return options;
  }
  std::string CacheFile() {
    return Path("cache/heapline") + "/" + BuildIdText(sample_.build_id) +
           ".symbols";
  }
  // Frames with a symbolizer of its own, from a module file that may be gone.
  std::vector<SourceFrame> Frames(const std::string& path) {
    symbolizers_.push_back(Symbolizer::Create(CachingOptions()));
    return FramesOfBuild(symbolizers_.back().get(), sample_, path);
  }

  std::vector<std::unique_ptr<Symbolizer>> symbolizers_;
};

TEST_F(SymbolizeCacheTest, AHitGivesEqualAnswersWithoutTheFile) {
  const std::string module = Path("libsample.so");
  Run("cp '" + sample_.path + "' '" + module + "'");
  const std::string cold = TextOf(Frames(module));
  struct stat status;
  ASSERT_EQ(stat(CacheFile().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(Path("cache/heapline").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  Run("rm '" + module + "'");
  EXPECT_EQ(TextOf(Frames(module)), cold);
  EXPECT_TRUE(symbolizers_.back()->Notes().empty());
}

TEST_F(SymbolizeCacheTest, NewAddressesAreAddedToWhatIsKept) {
  Frames(sample_.path);
  SnapshotBuilder builder;
  builder.AddModule(sample_, sample_.path);
  const NodeId leave =
      builder.AddNode(sample_.leave_address, HL_NODE_RETURN_ADDRESS);
  Symbolizer::Create(CachingOptions())->Symbolize(builder.snapshot(), {leave});
  StringPool texts;
  AnswerTable answers;
  ASSERT_TRUE(SymbolCache(Path("cache/heapline"))
                  .Load(sample_.build_id, &texts, &answers));
  EXPECT_EQ(answers.AddressCount(), 2u);
}

TEST_F(SymbolizeCacheTest, EveryDamagedByteMakesTheFileWorthNothing) {
  Frames(sample_.path);
  const std::string whole = ReadFile(CacheFile());
  ASSERT_GT(whole.size(), 128u);
  StringPool texts;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    AnswerTable answers;
    EXPECT_FALSE(DecodeCacheFile(damaged, sample_.build_id, &texts, &answers))
        << i;
    EXPECT_EQ(answers.AddressCount(), 0u);
    EXPECT_FALSE(DecodeCacheFile(absl::string_view(whole).substr(0, i),
                                 sample_.build_id, &texts, &answers))
        << i;
  }
  AnswerTable answers;
  EXPECT_FALSE(DecodeCacheFile(whole, "another build-id", &texts, &answers));
  EXPECT_TRUE(DecodeCacheFile(whole, sample_.build_id, &texts, &answers));
}

TEST_F(SymbolizeCacheTest, ADamagedFileIsIgnoredAndReplaced) {
  Frames(sample_.path);
  const std::string whole = ReadFile(CacheFile());
  WriteFile(CacheFile(), whole.substr(0, whole.size() / 2));
  ExpectInlinedChain(Frames(sample_.path), sample_);
  EXPECT_EQ(ReadFile(CacheFile()), whole);
}

TEST_F(SymbolizeCacheTest, AFileThatOthersMayWriteIsIgnored) {
  StringPool texts;
  AnswerTable lies;
  const KnownFrame lie{texts.Intern("lie"), texts.Intern("lie.cc"), 1};
  lies.Add(sample_.build_address - sample_.load_bias - 1,
           absl::MakeConstSpan(&lie, 1));
  const SymbolCache cache(Path("cache/heapline"));
  cache.Store(sample_.build_id, lies);
  EXPECT_EQ(*Frames("/gone")[0].function, "lie");  // it would be believed
  ASSERT_EQ(chmod(CacheFile().c_str(), 0620), 0);
  ExpectInlinedChain(Frames(sample_.path), sample_);
}

TEST_F(SymbolizeCacheTest, PoorAnswersAreNotKept) {
  const std::string module = Path("libplain.so");
  Run("objcopy --strip-all '" + sample_.path + "' '" + module + "'");
  EXPECT_EQ(Frames(module).size(), 1u);
  struct stat status;
  EXPECT_NE(stat(CacheFile().c_str(), &status), 0);
  ExpectInlinedChain(Frames(sample_.path), sample_);
}

TEST_F(SymbolizeCacheTest, NothingIsKeptWhereNotWanted) {
  SymbolizerOptions options = CachingOptions();
  options.use_cache = false;
  auto symbolizer = Symbolizer::Create(options);
  ExpectInlinedChain(FramesOfBuild(symbolizer.get(), sample_, sample_.path),
                     sample_);
  struct stat status;
  EXPECT_NE(stat(CacheFile().c_str(), &status), 0);
}

TEST_F(SymbolizeCacheTest, TheFilesUnusedForLongestAreRemoved) {
  StringPool texts;
  AnswerTable answers;
  const KnownFrame frame{texts.Intern(std::string(1000, 'f')),
                         texts.Intern("f.cc"), 1};
  answers.Add(1, absl::MakeConstSpan(&frame, 1));
  const SymbolCache cache(Path("cache/heapline"), 3000);
  const std::string ids[] = {"build-id-1", "build-id-2", "build-id-3"};
  for (int i = 0; i < 3; ++i) {
    cache.Store(ids[i], answers);
    const utimbuf long_ago = {1000 + i, 1000 + i};
    utime((Path("cache/heapline") + "/" + BuildIdText(ids[i]) + ".symbols")
              .c_str(),
          &long_ago);
  }
  for (int i = 0; i < 3; ++i) {
    AnswerTable loaded;
    EXPECT_EQ(cache.Load(ids[i], &texts, &loaded), i > 0) << i;
  }
}

}  // namespace
}  // namespace heapline
