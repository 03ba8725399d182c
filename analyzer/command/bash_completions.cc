// Bash completions: commands, each command's options, and the values of
// options that take one of a few; file names elsewhere.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/command/generated_text.h"
#include "analyzer/command/option_facts.h"

namespace heapline {
namespace {

std::vector<std::string> OptionWords(const CLI::App& command) {
  std::vector<std::string> names;
  for (const OptionFacts& option : OptionsOf(command)) {
    if (option.is_positional) continue;
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

std::vector<std::string> CommandWords(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : CommandsOf(app)) {
    names.push_back(command->get_name());
  }
  return names;
}

// "--by" -> "line", "function", …, over all commands: an option means the same
// wherever it stands, but one command may take more values than another.
std::map<std::string, std::vector<std::string>> ValuesByOption(
    const CLI::App& app) {
  std::vector<const CLI::App*> all = CommandsOf(app);
  all.push_back(&app);
  std::map<std::string, std::vector<std::string>> values;
  for (const CLI::App* command : all) {
    for (const OptionFacts& option : OptionsOf(*command)) {
      if (option.values.empty()) continue;
      auto& known = values[absl::StrJoin(option.names, "|")];
      for (const std::string& value : option.values) {
        const bool is_known =
            std::find(known.begin(), known.end(), value) != known.end();
        if (!is_known) known.push_back(value);
      }
    }
  }
  return values;
}

}  // namespace

std::string BashCompletions(const CLI::App& app) {
  std::string text =
      "# Completions of heapline for bash; made by heapline --generate.\n"
      "_heapline() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
      "  local previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  local command=\"\" words=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"${COMP_WORDS[i]}\" in\n";
  absl::StrAppend(&text, "      ", absl::StrJoin(CommandWords(app), "|"),
                  ") command=\"${COMP_WORDS[i]}\"; break ;;\n"
                  "    esac\n"
                  "  done\n"
                  "  case \"$previous\" in\n");
  for (const auto& [names, values] : ValuesByOption(app)) {
    absl::StrAppend(&text, "    ", names, ") words=\"",
                    absl::StrJoin(values, " "), "\" ;;\n");
  }
  absl::StrAppend(&text,
                  "  esac\n"
                  "  if [[ -z $words ]]; then\n"
                  "    case \"$command\" in\n");
  for (const CLI::App* command : CommandsOf(app)) {
    absl::StrAppend(&text, "      ", command->get_name(), ") words=\"",
                    absl::StrJoin(OptionWords(*command), " "), "\" ;;\n");
  }
  absl::StrAppend(&text, "      *) words=\"",
                  absl::StrJoin(CommandWords(app), " "), " ",
                  absl::StrJoin(OptionWords(app), " "),
                  "\" ;;\n"
                  "    esac\n"
                  "    if [[ -n $command && $word != -* ]]; then\n"
                  "      COMPREPLY=($(compgen -f -- \"$word\"))\n"
                  "      return\n"
                  "    fi\n"
                  "  fi\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                  "}\n"
                  "complete -o filenames -F _heapline heapline\n");
  return text;
}

}  // namespace heapline
