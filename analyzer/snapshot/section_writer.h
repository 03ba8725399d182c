// section_writer.h: numbers, texts and records into the sections of a binary
// snapshot, one behind the other. A section is cut where it is large enough,
// so that damage costs little.
//
// Invariant: every section in `file` is whole and its checksum holds. Not
// thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SECTION_WRITER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SECTION_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace heapline {

// Sections are cut at this size.
constexpr size_t kUsualSectionBytes = 1 << 20;

// The fields of records, appended to `payload`.
void AppendNumber(std::string* payload, uint64_t value);
void AppendSigned(std::string* payload, int64_t value);

class SectionWriter {
 public:
  // Bytes between sections: the file header, before the first.
  void AppendHeader(const void* bytes, size_t count);

  void PutNumber(uint64_t value) { AppendNumber(&payload_, value); }
  void PutSigned(int64_t value) { AppendSigned(&payload_, value); }
  void PutText(absl::string_view text);

  // Ends a record; `id` names the section it is in. Cuts the section where it
  // is large enough: the caller then restarts its delta bases.
  enum class Section { kGoesOn, kWasCut };
  Section EndRecord(uint32_t id);
  // Ends the section, where it has a record.
  void EndSection(uint32_t id);
  // A whole section at once. REQUIRES: no record is open.
  void AddSection(uint32_t id, uint64_t record_count, std::string payload);

  uint64_t section_count() const { return section_count_; }
  // Records of all sections of this id.
  uint64_t RecordsOf(uint32_t id) const;
  std::string TakeFile();

 private:
  std::string file_;
  std::string payload_;
  uint64_t record_count_ = 0;
  uint64_t section_count_ = 0;
  std::map<uint32_t, uint64_t> written_;  // records by section id
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SECTION_WRITER_H_
