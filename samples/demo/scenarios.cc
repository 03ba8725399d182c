// scenarios.cc: the table of scenarios, in the articles' order. One row a
// scenario; what it shows stands in the file of its chapter.
#include "samples/demo/scenario.h"

namespace demo {

// Defined in the files of their chapters.
#define DEMO_SCENARIO(name) extern const Scenario name;
#include "samples/demo/scenarios.def"

// First asked for by main, when all of them are made.
const std::vector<Scenario>& Scenarios() {
  static const auto* const all = new std::vector<Scenario>{
#define DEMO_SCENARIO(name) name,
#include "samples/demo/scenarios.def"
  };
  return *all;
}

}  // namespace demo
