#include "analyzer/command/options_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

constexpr absl::string_view kKeys[] = {
#define HEAPLINE_OPTION(type, name, default_value, help) #name,
#include "heapline/options.def"
};

// A value as it must stand in the list.
std::string Quoted(absl::string_view value) {
  const bool is_plain =
      value.find(':') == absl::string_view::npos &&
      (value.empty() || (value[0] != '"' && value[0] != '\''));
  if (is_plain) return std::string(value);
  std::string quoted = "\"";
  for (const char byte : value) {
    if (byte == '"' || byte == '\\') quoted.push_back('\\');
    quoted.push_back(byte);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace

OptionList ParseOptionList(absl::string_view text) {
  OptionList options;
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ':' || absl::ascii_isspace(text[at])) {
      ++at;
      continue;
    }
    const size_t key_end = std::min(text.find_first_of("=:", at), text.size());
    const absl::string_view key =
        absl::StripTrailingAsciiWhitespace(text.substr(at, key_end - at));
    std::string value;
    at = key_end;
    if (at < text.size() && text[at] == '=') {
      ++at;
      if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
        const char quote = text[at++];
        while (at < text.size() && text[at] != quote) {
          if (text[at] == '\\' && at + 1 < text.size() &&
              (text[at + 1] == quote || text[at + 1] == '\\')) {
            ++at;
          }
          value.push_back(text[at++]);
        }
        if (at < text.size()) ++at;
      }
      while (at < text.size() && text[at] != ':') value.push_back(text[at++]);
    }
    options.emplace_back(std::string(key), std::move(value));
  }
  return options;
}

std::string JoinOptionList(const OptionList& options) {
  std::string text;
  for (const auto& option : options) {
    absl::StrAppend(&text, text.empty() ? "" : ":", option.first, "=",
                    Quoted(option.second));
  }
  return text;
}

const std::string* FindOption(const OptionList& options,
                              absl::string_view key) {
  const std::string* found = nullptr;
  for (const auto& option : options) {
    if (option.first == key) found = &option.second;
  }
  return found;
}

void SetOption(absl::string_view key, absl::string_view value,
               OptionList* options) {
  options->erase(
      std::remove_if(options->begin(), options->end(),
                     [key](const auto& option) { return option.first == key; }),
      options->end());
  options->emplace_back(std::string(key), std::string(value));
}

absl::Status CheckOptionKey(absl::string_view key) {
  if (std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys)) {
    return absl::OkStatus();
  }
  const std::string nearest = NearestWord(key, kKeys);
  return Problem(absl::StatusCode::kInvalidArgument,
                 absl::StrCat("--set ", SafeText(key)),
                 "there is no such option",
                 nearest.empty() ? "HEAPLINE_OPTIONS=help=1 prints them all"
                                 : absl::StrCat("did you mean ", nearest, "?"));
}

}  // namespace heapline
