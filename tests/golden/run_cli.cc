#include "tests/golden/run_cli.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace heapline {

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

CliResult RunCli(const std::string& program, const std::string& directory,
                 const std::string& command_line) {
  char out_path[] = "/tmp/heapline-golden-out-XXXXXX";
  char err_path[] = "/tmp/heapline-golden-err-XXXXXX";
  const int out_file = mkstemp(out_path);
  const int err_file = mkstemp(err_path);
  if (out_file < 0 || err_file < 0) std::abort();
  close(out_file);
  close(err_file);
  const std::string shell =
      "cd '" + directory + "' && export HEAPLINE='" + program +
      "' LC_ALL=C TERM=dumb && unset NO_COLOR DEBUGINFOD_URLS; { " +
      command_line + "; } >" + out_path + " 2>" + err_path;
  const int status = std::system(shell.c_str());
  CliResult result;
  result.exit_status =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = ReadWhole(out_path);
  result.err = ReadWhole(err_path);
  std::remove(out_path);
  std::remove(err_path);
  return result;
}

}  // namespace heapline
