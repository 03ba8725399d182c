#include "analyzer/command/option_facts.h"

#include <CLI/CLI.hpp>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace heapline {
namespace {

// CLI11 writes a checked value's type as "KEY:{line,function}".
void ReadTypeName(const std::string& type, OptionFacts* facts) {
  const size_t colon = type.find(':');
  facts->value_name = type.substr(0, colon);
  const size_t open = type.find('{');
  const size_t close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos) return;
  facts->values = absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

}  // namespace

std::vector<OptionFacts> OptionsOf(const CLI::App& command) {
  std::vector<OptionFacts> all;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    OptionFacts facts;
    for (const std::string& name : option->get_snames()) {
      facts.names.push_back(absl::StrCat("-", name));
    }
    for (const std::string& name : option->get_lnames()) {
      facts.names.push_back(absl::StrCat("--", name));
    }
    facts.is_positional = facts.names.empty();
    if (facts.is_positional) {
      facts.names.push_back(option->get_name());
    } else if (option->get_items_expected_max() > 0) {
      ReadTypeName(option->get_type_name(), &facts);
    }
    facts.description = option->get_description();
    all.push_back(facts);
  }
  return all;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  const std::vector<const CLI::App*> commands = app.get_subcommands(nullptr);
  return commands;
}

}  // namespace heapline
