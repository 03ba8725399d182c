// checklist.h: the 108 things that the articles on CPython's memory management
// say or ask, and what honours each: a scenario that runs, a test, or a page.
// checklist.def has the rows.
#ifndef SAMPLES_DEMO_CHECKLIST_H_
#define SAMPLES_DEMO_CHECKLIST_H_

#include <vector>

namespace demo {

struct ChecklistRow {
  int number;            // 1 to 108
  const char* item;      // in a few words
  const char* kind;      // "scenario", "test" or "docs"
  const char* scenario;  // its name; "" for a test or a page
  const char* where;     // the file from the repository's root
};

// By number.
const std::vector<ChecklistRow>& Checklist();

}  // namespace demo

#endif  // SAMPLES_DEMO_CHECKLIST_H_
