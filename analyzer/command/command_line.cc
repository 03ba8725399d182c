// Parses argv by the command table and runs one command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/base/text.h"
#include "analyzer/command/command.h"
#include "analyzer/command/did_you_mean.h"
#include "analyzer/command/generated_text.h"

namespace heapline {
namespace {

void AddColorOption(CLI::App& app, CommandContext& context) {
  app.add_option_function<std::string>(
         "--color",
         [&context](const std::string& when) {
           context.color = when == "always"  ? ColorMode::kAlways
                           : when == "never" ? ColorMode::kNever
                                             : ColorMode::kAuto;
         },
         "Colour: auto (on a terminal), always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

int Complain(const std::string& who, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", who.c_str(), message.c_str());
  return kExitCannot;
}

int Complain(const std::string& who, const absl::Status& status) {
  return Complain(who, SafeText(status.message()));
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  CommandContext context;
  if (argc > 0) context.program_path = argv[0];

  CLI::App app("Finds leaks and memory growth in any Linux program",
               "heapline");
  app.set_version_flag("--version", "heapline " HEAPLINE_VERSION_STRING);
  app.require_subcommand(0, 1);
  AddColorOption(app, context);
  std::string generated;
  app.add_option("--generate", generated)->group("");  // hidden: for builds

  std::map<const CLI::App*, CommandAction> actions;
  for (const CommandRow& row : CommandTable()) {
    CLI::App* command = app.add_subcommand(row.name, row.summary);
    command->group(row.group);
    actions[command] = row.declare(context, *command);
    AddColorOption(*command, context);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {  // --help, --version
    return app.exit(done) == 0 ? kExitDone : kExitCannot;
  } catch (const CLI::ParseError& error) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    const CLI::App& command = chosen.empty() ? app : *chosen.front();
    const std::string who =
        chosen.empty() ? "heapline" : "heapline " + command.get_name();
    return Complain(who, UsageMessage(app, command, error));
  }

  if (!generated.empty()) {
    const absl::StatusOr<std::string> text = GenerateText(generated, app);
    if (!text.ok()) return Complain("heapline", text.status());
    std::fputs(text->c_str(), stdout);
    return kExitDone;
  }
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  if (chosen.empty()) {
    std::fputs(app.help().c_str(), stderr);
    return kExitCannot;
  }
  const absl::StatusOr<int> status = actions[chosen.front()]();
  if (!status.ok()) {
    return Complain("heapline " + chosen.front()->get_name(), status.status());
  }
  return *status;
}

}  // namespace heapline
