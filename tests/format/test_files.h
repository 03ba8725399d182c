// test_files.h: snapshots for the tests of the format: small ones from the text
// form, hostile ones section by section, and files on disk that go away with
// the test. Functions fail the test where their input is wrong.
#ifndef HEAPLINE_TESTS_FORMAT_TEST_FILES_H_
#define HEAPLINE_TESTS_FORMAT_TEST_FILES_H_

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/snapshot/snapshot.h"
#include "heapline/snapshot_format.h"

namespace heapline {

// A snapshot in the text form with at least one record of every kind.
extern const char kEveryKind[];

absl::Span<const unsigned char> Bytes(const std::string& bytes);

// The snapshot that text (behind the magic line) stands for.
Snapshot SnapshotOf(absl::string_view text);
// Its binary form.
std::string FileOf(absl::string_view text);

// The binary form of kEveryKind.
std::string EncodedEveryKind();

// The snapshot in `file`; the test fails where it cannot be read.
Snapshot MustRead(const std::string& file);
// The error of reading `file`; the test fails where it can be read.
std::string ErrorOf(const std::string& file);
// All damage sentences, one a line.
std::string DamageOf(const std::string& file);

// A payload of numbers.
std::string Varints(std::initializer_list<uint64_t> values);

// Builds a binary file; every section's checksum holds.
class FileBuilder {
 public:
  FileBuilder();

  // A section whose header says what the payload is.
  FileBuilder& Add(uint32_t id, uint64_t record_count,
                   absl::string_view payload);
  // A section with all of its header given, but the checksum.
  FileBuilder& AddWithHeader(HlSectionHeader header, absl::string_view payload);
  // An end section without properties.
  FileBuilder& End();

  const std::string& file() const { return file_; }

 private:
  std::string file_;
};

// A file header as the writers make it.
std::string FileHeader(uint32_t version);

// A directory of its own, removed with all in it.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }
  // Writes a file and returns its path.
  std::string Write(absl::string_view name, absl::string_view bytes,
                    mode_t mode = 0600) const;
  std::string Read(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace heapline

#endif  // HEAPLINE_TESTS_FORMAT_TEST_FILES_H_
