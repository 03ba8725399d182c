// Fuzzes the text form: text to a snapshot and back again.
//
// Promises: a text is refused with an error that can be printed and names its
// line, or gives a snapshot that keeps the invariants of snapshot.h; what is
// written of it is a fixed point: read and written again it is the same text;
// and the same once more by way of the binary form.
#include "analyzer/snapshot/text_form.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/report_checks.h"

namespace heapline {
namespace {

void FuzzText(absl::string_view text) {
  const absl::StatusOr<Snapshot> snapshot = ParseTextForm(text, "fuzz.txt");
  if (!snapshot.ok()) {
    CheckPrintable(snapshot.status().message());
    FUZZ_CHECK(snapshot.status().message().substr(0, 8) == "fuzz.txt",
               "an error says where it is");
    return;
  }
  const std::string written = WriteTextForm(*snapshot);
  CheckPrintable(written);
  const absl::StatusOr<Snapshot> again = ParseTextForm(written, "again");
  FUZZ_CHECK(again.ok(), "what was written can be read");
  FUZZ_CHECK(WriteTextForm(*again) == written, "written text is a fixed point");
  // Damage is told anew by each reader.
  if (!snapshot->is_whole()) return;
  const std::string binary = EncodeSnapshot(*snapshot);
  const absl::StatusOr<Snapshot> decoded = TryParseSnapshot(
      {reinterpret_cast<const unsigned char*>(binary.data()), binary.size()},
      "binary");
  FUZZ_CHECK(decoded.ok(), "the binary form of a text can be read");
  CheckSnapshot(*decoded);
  if (decoded->is_whole()) {
    FUZZ_CHECK(WriteTextForm(*decoded) == written, "both forms hold the same");
  }
}

}  // namespace
}  // namespace heapline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  if (heapline::IsTextForm(text)) {
    heapline::FuzzText(text);
  } else {
    // Nearly every input would fail at its first line.
    heapline::FuzzText(absl::StrCat(HL_TEXT_MAGIC, "\n", text));
  }
  return 0;
}
