// option_facts.h: what CLI11 knows of an option, in the form that generated
// texts need. Value types; stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_OPTION_FACTS_H_
#define HEAPLINE_ANALYZER_COMMAND_OPTION_FACTS_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace heapline {

struct OptionFacts {
  std::vector<std::string> names;   // "--format", "-n"; the positional's name
  std::string value_name;           // "ROWS"; "" for a flag
  std::vector<std::string> values;  // the only ones that are right, or none
  std::string description;
  bool is_positional = false;
};

// In the order of --help; hidden options left out.
std::vector<OptionFacts> OptionsOf(const CLI::App& command);

// The commands of the root, in order.
std::vector<const CLI::App*> CommandsOf(const CLI::App& app);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_OPTION_FACTS_H_
