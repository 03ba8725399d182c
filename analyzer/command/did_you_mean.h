// did_you_mean.h: what a mistyped command line is told, in one line: what was
// given, the nearest right word, and where help is. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_DID_YOU_MEAN_H_
#define HEAPLINE_ANALYZER_COMMAND_DID_YOU_MEAN_H_

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace heapline {

// The candidate nearest to `word` by edit distance, or "" when none is near
// enough to be what was meant (more than a third of it, at least 1, differs).
std::string NearestWord(const std::string& word,
                        const std::vector<std::string>& candidates);

// One line for `error`, raised while `command` was parsed from `arguments`
// (argv without the program).
std::string UsageMessage(const CLI::App& command,
                         const std::vector<std::string>& arguments,
                         const CLI::ParseError& error);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DID_YOU_MEAN_H_
