// HEAPLINE_OPTIONS as `heapline run` puts it together, and that the shim reads
// it back as it was meant.
#include "analyzer/command/options_text.h"

#include <gtest/gtest.h>

#include <string>

namespace heapline {
namespace {

TEST(OptionsText, ListsAreReadAndWrittenBack) {
  const struct {
    const char* text;
    const char* written;
  } rows[] = {{"", ""},
              {":::", ""},
              {"a=1:b=2", "a=1:b=2"},
              {"out=\"a:b\":c=3", "out=\"a:b\":c=3"},
              {"out='a:b'", "out=\"a:b\""},
              {"out=\"a\\\"b\\\\c:\"", "out=\"a\\\"b\\\\c:\""},
              {"out=\"plain\"", "out=plain"},
              {"key", "key="},
              {"open=\"a:b", "open=\"a:b\""}};
  for (const auto& row : rows) {
    EXPECT_EQ(row.written, JoinOptionList(ParseOptionList(row.text)))
        << row.text;
  }
}

TEST(OptionsText, AnyValueSurvivesQuoting) {
  for (const char* value :
       {"a:b", "\"", "'x'", "a\\b:c", "\\\":", "", " blank ", "\"a:b\""}) {
    OptionList options;
    SetOption("out", value, &options);
    SetOption("depth", "3", &options);
    const OptionList back = ParseOptionList(JoinOptionList(options));
    ASSERT_NE(nullptr, FindOption(back, "out")) << value;
    EXPECT_EQ(value, *FindOption(back, "out"));
    EXPECT_EQ("3", *FindOption(back, "depth"));
  }
}

TEST(OptionsText, SettingReplacesEveryEarlierOne) {
  OptionList options = ParseOptionList("keep=1:depth=2:keep=3");
  EXPECT_EQ("3", *FindOption(options, "keep"));
  SetOption("keep", "9", &options);
  EXPECT_EQ("depth=2:keep=9", JoinOptionList(options));
  EXPECT_EQ(nullptr, FindOption(options, "out"));
}

TEST(OptionsText, KeysAreThoseOfTheTable) {
  EXPECT_TRUE(CheckOptionKey("interval").ok());
  const absl::Status status = CheckOptionKey("intervall");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(std::string::npos,
            std::string(status.message()).find("did you mean interval?"));
  EXPECT_FALSE(CheckOptionKey("").ok());
}

}  // namespace
}  // namespace heapline
