// did_you_mean.h: what a mistyped command line is told, in one line: what was
// given, the nearest right word, and where help is. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_DID_YOU_MEAN_H_
#define HEAPLINE_ANALYZER_COMMAND_DID_YOU_MEAN_H_

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace heapline {

// One line for `error`, raised while `app` (the root) was parsed;
// `command` is the chosen sub-command, or the root itself.
std::string UsageMessage(const CLI::App& app, const CLI::App& command,
                         const CLI::ParseError& error);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DID_YOU_MEAN_H_
