// The man page heapline(1): every command with its options.
#include <CLI/CLI.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/command/generated_text.h"
#include "analyzer/command/option_facts.h"

namespace heapline {
namespace {

// Text with what roff would read as its own made plain.
std::string Roff(const std::string& text) {
  std::string out;
  bool is_line_start = true;
  for (const char c : text) {
    if (is_line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    is_line_start = c == '\n';
  }
  return out;
}

void AppendOption(const OptionFacts& option, std::string* text) {
  std::string names;
  for (const std::string& name : option.names) {
    absl::StrAppend(&names, names.empty() ? "\\fB" : ", \\fB", Roff(name),
                    "\\fR");
  }
  std::string value;
  if (!option.value_name.empty()) {
    value = absl::StrCat(" \\fI", Roff(option.value_name), "\\fR");
  }
  absl::StrAppend(text, ".TP\n", names, value, "\n", Roff(option.description),
                  "\n");
}

void AppendCommand(const CLI::App& command, std::string* text) {
  absl::StrAppend(text, ".SS heapline ", Roff(command.get_name()), "\n",
                  Roff(command.get_description()), ".\n");
  if (!command.get_footer().empty()) {
    absl::StrAppend(text, ".PP\n", Roff(command.get_footer()), "\n");
  }
  for (const OptionFacts& option : OptionsOf(command)) {
    AppendOption(option, text);
  }
}

}  // namespace

std::string ManPage(const CLI::App& app) {
  std::string text = absl::StrCat(
      ".TH HEAPLINE 1 \"\" \"heapline " HEAPLINE_VERSION_STRING
      "\" \"User Commands\"\n"
      ".SH NAME\nheapline \\- ",
      Roff(app.get_description()),
      "\n.SH SYNOPSIS\n\\fBheapline\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] "
      "\\fIFILE\\fR...\n"
      ".SH DESCRIPTION\n"
      "Reads and controls what the preloaded library libheapline.so records: "
      "snapshots of a program's heap, each live block with the call stack "
      "that allocated it.\n"
      ".SH OPTIONS\n");
  for (const OptionFacts& option : OptionsOf(app)) AppendOption(option, &text);
  absl::StrAppend(&text, ".SH COMMANDS\n");
  for (const CLI::App* command : CommandsOf(app)) {
    AppendCommand(*command, &text);
  }
  absl::StrAppend(
      &text,
      ".SH EXIT STATUS\n"
      ".TP\n0\nDone.\n"
      ".TP\n1\nFound something. Only commands that look for something.\n"
      ".TP\n2\nCould not do it: usage, a file that cannot be read, no such "
      "process. One line on standard error says what was being done, what was "
      "found and what to do.\n"
      ".PP\n\\fBheapline run\\fR ends as the program that it ran.\n"
      ".SH ENVIRONMENT\n"
      ".TP\n\\fBHEAPLINE_OPTIONS\\fR\nOptions of the library; "
      "HEAPLINE_OPTIONS=help=1 prints them.\n"
      ".TP\n\\fBDEBUGINFOD_URLS\\fR\nServers that may be asked for debug "
      "information; none unless set.\n"
      ".TP\n\\fBNO_COLOR\\fR\nNo colour unless \\-\\-color=always.\n");
  return text;
}

}  // namespace heapline
