#include "analyzer/command/commands.h"

#include <vector>

#include "analyzer/command/command.h"

namespace heapline {

const std::vector<CommandRow>& CommandTable() {
  static const auto* const table = new std::vector<CommandRow>{
      // {name, group, summary, declare}
  };
  return *table;
}

}  // namespace heapline
