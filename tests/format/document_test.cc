// docs/snapshot-format.md: its worked example is true, byte by byte, and its
// tables name what exists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "analyzer/snapshot/sections.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/text_form.h"
#include "tests/format/test_files.h"

namespace heapline {
namespace {

using ::testing::HasSubstr;

std::string Document() {
  std::ifstream in(HEAPLINE_SOURCE_DIR "/docs/snapshot-format.md");
  EXPECT_TRUE(in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The code block behind the marker "<!-- example: NAME -->".
std::string Example(const std::string& document, const std::string& name) {
  const std::string marker =
      absl::StrCat("<!-- example: ", name, " -->\n```\n");
  const size_t begin = document.find(marker);
  EXPECT_NE(begin, std::string::npos) << name;
  const size_t text = begin + marker.size();
  const size_t end = document.find("```", text);
  EXPECT_NE(end, std::string::npos) << name;
  return document.substr(text, end - text);
}

TEST(Document, ExampleIsTheTextFormAsWritten) {
  const std::string text = Example(Document(), "text");
  const absl::StatusOr<Snapshot> snapshot = ParseTextForm(text, "example");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(WriteTextForm(*snapshot), text);
}

TEST(Document, ExampleBytesAreThoseOfItsText) {
  const std::string document = Document();
  const absl::StatusOr<Snapshot> snapshot =
      ParseTextForm(Example(document, "text"), "example");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  std::string bytes;
  for (const absl::string_view line :
       absl::StrSplit(Example(document, "bytes"), '\n', absl::SkipEmpty())) {
    // "0048  03 61 70 70      | remark"
    const absl::string_view offset = line.substr(0, 4);
    EXPECT_EQ(absl::StrCat(absl::Hex(bytes.size(), absl::kZeroPad4)), offset);
    const absl::string_view digits = line.substr(
        4, line.find('|') == line.npos ? line.npos : line.find('|') - 4);
    bytes += absl::HexStringToBytes(absl::StrReplaceAll(digits, {{" ", ""}}));
  }
  EXPECT_EQ(absl::BytesToHexString(bytes),
            absl::BytesToHexString(EncodeSnapshot(*snapshot)));
  EXPECT_THAT(document,
              HasSubstr(absl::StrCat("this file of ", bytes.size(), " bytes")));
}

TEST(Document, NamesEverySectionWithItsId) {
  const std::string document = Document();
  for (const SectionKind& kind : SectionKinds()) {
    const std::string id = kind.id == HL_SECTION_END
                               ? absl::StrCat("0x", absl::Hex(kind.id))
                               : absl::StrCat(kind.id);
    const std::string name =
        kind.id == HL_SECTION_EXPECTED_DEAD ? "expected dead" : kind.name;
    EXPECT_THAT(document, HasSubstr(absl::StrCat("| ", id, " | ", name, " |")));
  }
}

}  // namespace
}  // namespace heapline
