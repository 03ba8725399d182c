// What holds for the command line as a whole: help, output files, pipes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/golden/run_cli.h"

namespace heapline {
namespace {

CliResult RunShell(const std::string& command_line) {
  return RunCli(HEAPLINE_CLI, GOLDEN_DIRECTORY, command_line);
}

// The commands that --help lists: two spaces, a name, a summary.
std::vector<std::string> Commands() {
  std::vector<std::string> names;
  const CliResult help = RunShell(
      "$HEAPLINE --help | sed -n "
      "'s/^  \\([a-z][a-z-]*\\)  .*/\\1/p'");
  std::string name;
  for (const char c : help.out) {
    if (c != '\n') {
      name += c;
    } else if (!name.empty()) {
      names.push_back(name);
      name.clear();
    }
  }
  return names;
}

TEST(CommandLine, EveryCommandHasHelpAndEndsWithZero) {
  const std::vector<std::string> commands = Commands();
  EXPECT_GE(commands.size(), 11u);
  for (const std::string& command : commands) {
    const CliResult result = RunShell("$HEAPLINE " + command + " --help");
    EXPECT_EQ(result.exit_status, 0) << command;
    EXPECT_NE(result.out.find("Usage: heapline " + command), std::string::npos)
        << command;
    EXPECT_EQ(result.err, "") << command;
  }
}

TEST(CommandLine, EveryCommandRefusesAnUnknownOptionWithOneLine) {
  for (const std::string& command : Commands()) {
    const CliResult result =
        RunShell("$HEAPLINE " + command + " --no-such-option");
    EXPECT_EQ(result.exit_status, 2) << command;
    EXPECT_EQ(result.out, "") << command;
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << result.err;
  }
}

TEST(CommandLine, VersionIsPrintedAndEndsWithZero) {
  const CliResult result = RunShell("$HEAPLINE --version");
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.out.rfind("heapline ", 0), 0u) << result.out;
}

TEST(CommandLine, WithoutCommandHelpGoesToStderrAndTheStatusIsTwo) {
  const CliResult result = RunShell("$HEAPLINE");
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("Usage:"), std::string::npos);
}

TEST(CommandLine, AReaderThatWentAwayIsNoError) {
  const CliResult result = RunShell(
      "bash -o pipefail -c '\"$HEAPLINE\" diff snapshots/server-1.txt "
      "snapshots/server-2.txt --by stack --format json | head -c 1'");
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.out, "{");
  EXPECT_EQ(result.err, "");
}

TEST(CommandLine, AFullDeviceIsAnErrorThatSaysSo) {
  const CliResult result =
      RunShell("$HEAPLINE top snapshots/server-1.txt >/dev/full");
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_NE(result.err.find("No space left"), std::string::npos) << result.err;
}

TEST(CommandLine, OutputGoesToTheNamedFileWhole) {
  const std::string path =
      absl::StrCat("/tmp/heapline-golden-", getpid(), ".json");
  const CliResult result =
      RunShell("$HEAPLINE top snapshots/server-1.txt --format json -o " + path);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, "");
  const nlohmann::json report =
      nlohmann::json::parse(ReadWhole(path), nullptr, false);
  EXPECT_EQ(report["schema"]["name"], "heapline.top");
  EXPECT_EQ(report["schema"]["version"], 1);
  std::remove(path.c_str());
}

TEST(CommandLine, ABadOutputPathFailsBeforeTheWork) {
  const CliResult result =
      RunShell("$HEAPLINE top snapshots/nothing.txt -o /no/such/folder/x");
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_NE(result.err.find("/no/such/folder"), std::string::npos)
      << result.err;
}

TEST(CommandLine, TheSameInputGivesTheSameBytes) {
  const std::string command =
      "$HEAPLINE diff snapshots/server-1.txt snapshots/server-2.txt --by stack "
      "--format json";
  EXPECT_EQ(RunShell(command).out, RunShell(command).out);
}

TEST(CommandLine, BothFormsOfASnapshotGiveTheSameReport) {
  const std::string path =
      absl::StrCat("/tmp/heapline-golden-", getpid(), ".hl");
  const CliResult made = RunShell(
      "$HEAPLINE export snapshots/server-1.txt --to snapshot -o " + path);
  ASSERT_EQ(made.exit_status, 0) << made.err;
  EXPECT_EQ(
      RunShell("$HEAPLINE top snapshots/server-1.txt --by stack -n 0").out,
      RunShell("$HEAPLINE top " + path + " --by stack -n 0").out);
  std::remove(path.c_str());
}

TEST(CommandLine, GeneratedTextsNameEveryCommand) {
  const std::string man = RunShell("$HEAPLINE --generate man").out;
  const std::string bash =
      RunShell("$HEAPLINE --generate completions-bash").out;
  for (const std::string& command : Commands()) {
    std::string escaped;
    for (const char c : command)
      escaped += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_NE(man.find(".SS heapline " + escaped), std::string::npos)
        << command;
    EXPECT_NE(bash.find("      " + command + ") words="), std::string::npos)
        << command;
  }
  EXPECT_EQ(
      RunShell("$HEAPLINE --generate completions-bash | bash -n").exit_status,
      0);
}

TEST(CommandLine, CompletionsOfferCommandsOptionsAndValues) {
  const auto complete = [](const std::string& words, int at) {
    return RunShell(
               "bash -c '"
               "eval \"$($HEAPLINE --generate completions-bash)\"; "
               "COMP_WORDS=(" +
               words + "); COMP_CWORD=" + std::to_string(at) +
               "; _heapline; echo ${COMPREPLY[@]}'")
        .out;
  };
  EXPECT_EQ(complete("heapline di", 1), "diff\n");
  EXPECT_EQ(complete("heapline diff --so", 2), "--sort\n");
  EXPECT_EQ(complete("heapline diff --by th", 3), "thread\n");
  EXPECT_EQ(complete("heapline graph --fr", 2), "--from\n");
  EXPECT_EQ(complete("heapline graph --format d", 3), "dot\n");
}

}  // namespace
}  // namespace heapline
