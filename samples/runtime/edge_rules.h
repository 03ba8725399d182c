// edge_rules.h: what the analyzer cannot know of this runtime, as a file for
// --edge-rules: which words of its objects own nothing, and where their
// reference counts are. Offsets are the compiler's.
#ifndef SAMPLES_RUNTIME_EDGE_RULES_H_
#define SAMPLES_RUNTIME_EDGE_RULES_H_

#include <string>

namespace runtime {

std::string EdgeRules();

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_EDGE_RULES_H_
