#include "analyzer/command/did_you_mean.h"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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
  if (!nearest.empty()) {
    absl::StrAppend(&message, "; did you mean ", nearest, "?");
  }
  return message;
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
  std::string message =
      SafeText(absl::StrReplaceAll(error.what(), {{"\n", "; "}}));
  const std::vector<std::string> extras = app.remaining(true);
  if (IsExtraArguments(error) && !extras.empty()) {
    // "--sotr=count" is "--sotr".
    const std::string word = extras[0].substr(0, extras[0].find('='));
    if (absl::StartsWith(word, "-") && word.size() > 1) {
      message = Unknown("option", word, OptionNames(command));
    } else if (is_root) {
      message = Unknown("command", word, CommandNames(app));
    } else {
      message = absl::StrCat("one argument too many: ", SafeText(extras[0]));
    }
  }
  return absl::StrCat(message, absl::EndsWith(message, "?") ? " " : "; ",
                      "see ", help);
}

}  // namespace heapline
