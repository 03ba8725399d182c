// run_cli.h: runs a program in a test and gives back all it said. The program
// runs in a directory of the test's choice with a plain environment, so that
// its output does not depend on who runs the test. POSIX; one thread.
#ifndef HEAPLINE_TESTS_GOLDEN_RUN_CLI_H_
#define HEAPLINE_TESTS_GOLDEN_RUN_CLI_H_

#include <string>

namespace heapline {

struct CliResult {
  int exit_status = -1;  // 128 + signal where one ended it
  std::string out;
  std::string err;
};

// `command_line` goes through the shell; `program` is $HEAPLINE in it.
CliResult RunCli(const std::string& program, const std::string& directory,
                 const std::string& command_line);

// The whole of a file, "" where there is none.
std::string ReadWhole(const std::string& path);

}  // namespace heapline

#endif  // HEAPLINE_TESTS_GOLDEN_RUN_CLI_H_
