#include "analyzer/command/did_you_mean.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace heapline {
namespace {

// Levenshtein's distance, a swap of neighbours counting as one.
size_t EditDistance(const std::string& a, const std::string& b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> cost((a.size() + 1) * width);
  for (size_t i = 0; i <= a.size(); ++i) cost[i * width] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      size_t best =
          std::min({cost[(i - 1) * width + j] + 1, cost[i * width + j - 1] + 1,
                    cost[(i - 1) * width + j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, cost[(i - 2) * width + j - 2] + 1);
      }
      cost[i * width + j] = best;
    }
  }
  return cost.back();
}

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
    for (const std::string& name : option->get_snames()) {
      names.push_back(absl::StrCat("-", name));
    }
  }
  return names;
}

// "--sotr=count" is "--sotr".
std::string WithoutValue(const std::string& argument) {
  return argument.substr(0, argument.find('='));
}

std::string Suggestion(const std::string& word,
                       const std::vector<std::string>& candidates) {
  const std::string nearest = NearestWord(word, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
}

}  // namespace

std::string NearestWord(const std::string& word,
                        const std::vector<std::string>& candidates) {
  const size_t limit = std::max<size_t>(1, word.size() / 3);
  std::string nearest;
  size_t nearest_distance = limit + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < nearest_distance) {
      nearest = candidate;
      nearest_distance = distance;
    }
  }
  if (!nearest.empty() || word.size() < 3) return nearest;
  for (const std::string& candidate : candidates) {
    if (absl::StartsWith(candidate, word)) return candidate;
  }
  return "";
}

std::string UsageMessage(const CLI::App& command,
                         const std::vector<std::string>& arguments,
                         const CLI::ParseError& error) {
  const bool is_root = command.get_parent() == nullptr;
  const std::string help =
      is_root ? "heapline --help"
              : absl::StrCat("heapline ", command.get_name(), " --help");
  if (error.get_name() != "ExtrasError") {
    return absl::StrCat(absl::StrReplaceAll(error.what(), {{"\n", "; "}}),
                        "; see ", help);
  }
  const std::vector<std::string> options = OptionNames(command);
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (absl::StartsWith(argument, "-") && argument.size() > 1) {
      const std::string name = WithoutValue(argument);
      if (std::find(options.begin(), options.end(), name) != options.end() ||
          name[1] != '-') {
        continue;
      }
      return absl::StrCat("unknown option ", name, Suggestion(name, options),
                          " See ", help);
    }
    if (is_root) {
      return absl::StrCat("unknown command ", argument,
                          Suggestion(argument, CommandNames(command)), " See ",
                          help);
    }
  }
  return absl::StrCat(error.what(), "; see ", help);
}

}  // namespace heapline
