#include "analyzer/command/did_you_mean.h"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back(absl::StrCat("--", name));
    }
  }
  return names;
}

// "unknown WHAT `word`; did you mean X?"
std::string Unknown(absl::string_view what, const std::string& word,
                    const std::vector<std::string>& candidates) {
  const std::vector<absl::string_view> views(candidates.begin(),
                                             candidates.end());
  std::string nearest = NearestWord(word, views);
  for (size_t i = 0; i < views.size() && nearest.empty(); ++i) {
    const bool is_beginning =
        word.size() > 2 && absl::StartsWith(views[i], word);
    if (is_beginning) nearest = candidates[i];
  }
  std::string message = absl::StrCat("unknown ", what, " ", SafeText(word));
  return nearest.empty()
             ? message + "."
             : absl::StrCat(message, "; did you mean ", nearest, "?");
}

// "--by: lines not in {line,function}" is CLI11's; said in our words.
std::string WrongValue(const std::string& message) {
  const std::string kNotIn = " not in {";
  const size_t colon = message.find(": ");
  const size_t not_in = message.find(kNotIn);
  if (colon == std::string::npos || not_in == std::string::npos ||
      not_in < colon + 2 || message.back() != '}') {
    return message;
  }
  const size_t list = not_in + kNotIn.size();
  const std::vector<std::string> values =
      absl::StrSplit(message.substr(list, message.size() - list - 1), ',');
  const std::string word = message.substr(colon + 2, not_in - colon - 2);
  return absl::StrCat(message.substr(0, colon), ": ",
                      Unknown("value", word, values), " It takes ",
                      absl::StrJoin(values, ", "));
}

// "FILE: At Most 1 required but received 2" is CLI11's; said in our words.
std::string TooMany(const std::string& message) {
  const std::vector<std::string> parts =
      absl::StrSplit(message, absl::MaxSplits(": At Most ", 1));
  if (parts.size() != 2) return message;
  const std::vector<std::string> numbers =
      absl::StrSplit(parts[1], " required but received ");
  if (numbers.size() != 2) return message;
  return absl::StrCat(parts[0], ": takes at most ", numbers[0], ", ",
                      numbers[1], " were given");
}

// The first of the words that looks like an option, its value left away:
// "--sotr=count" is "--sotr". "" for none.
std::string FirstOption(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.size() > 1 && word[0] == '-') {
      return word.substr(0, word.find('='));
    }
  }
  return "";
}

bool IsExtraArguments(const CLI::ParseError& error) {
  return error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
}

}  // namespace

std::string UsageMessage(const CLI::App& app, const CLI::App& command,
                         const CLI::ParseError& error) {
  const bool is_root = &app == &command;
  const std::string help =
      is_root ? "heapline --help"
              : absl::StrCat("heapline ", command.get_name(), " --help");
  std::string message = TooMany(
      WrongValue(SafeText(absl::StrReplaceAll(error.what(), {{"\n", "; "}}))));
  const std::vector<std::string> extras = app.remaining(true);
  // A mistyped option comes first: its value then stands as one file too many.
  const std::string option = FirstOption(extras);
  if (!option.empty()) {
    message = Unknown("option", option, OptionNames(command));
  } else if (IsExtraArguments(error) && !extras.empty()) {
    if (is_root) {
      message = Unknown("command", extras[0], CommandNames(app));
    } else {
      message = absl::StrCat("one argument too many: ", SafeText(extras[0]));
    }
  }
  const bool is_sentence =
      absl::EndsWith(message, "?") || absl::EndsWith(message, ".");
  return absl::StrCat(message, is_sentence ? " See " : "; see ", help);
}

}  // namespace heapline
