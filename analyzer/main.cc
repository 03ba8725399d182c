// heapline: the command line. All is in command/.
#include "analyzer/command/command.h"

int main(int argc, char** argv) { return heapline::RunCommandLine(argc, argv); }
