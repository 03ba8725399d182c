// checklist.cc
#include "samples/demo/checklist.h"

namespace demo {

const std::vector<ChecklistRow>& Checklist() {
  static const auto* const rows = new std::vector<ChecklistRow>{
#define DEMO_ROW(number, item, kind, scenario, where) \
  {number, item, #kind, scenario, where},
#include "samples/demo/checklist.def"
  };
  return *rows;
}

}  // namespace demo
