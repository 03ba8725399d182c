#include "analyzer/report/reports.h"

namespace heapline {

const std::vector<ReportRow>& ReportTable() {
  static const auto* const table = new std::vector<ReportRow>{
      {"info", "Shows a snapshot's header", "FILE", 1, 1, kNoReportOptions,
       "Program, command line, host, time, reason, label, current and peak "
       "bytes, threads, modules, what is missing and why. A directory gives "
       "one entry a snapshot.",
       MakeInfoReport},
      {"top", "Ranks what is live by source line or another key", "FILE", 1, 1,
       kHeapRowOptions | kSymbolOptions,
       "Each live block is on exactly one row and rows sum to the total, "
       "except with --cumulative. A directory gives the newest snapshot of "
       "each process, summed.",
       MakeTopReport},
      {"diff", "Ranks growth between two snapshots", "OLD NEW", 1, 2,
       kHeapRowOptions | kGraphOptions | kSymbolOptions,
       "Largest absolute growth first; + grew, - shrank; below a row, who "
       "keeps what grew, which --edge-rules bears on. Two directories are "
       "compared by the newest snapshot of each process, summed; one "
       "directory by the first and the last snapshot of each process.",
       MakeDiffReport},
      {"trend", "Tells proven growth from noise over a series of snapshots",
       "FILE FILE FILE", 1, kAnyNumberOfFiles,
       kKeyOptions | kFilterOptions | kTrendOptions | kGraphOptions |
           kSymbolOptions,
       "Growing: the key grew at several places of the series and still does "
       "at its end; at the confidence of 0.99 one report in a hundred calls "
       "anything growing that is not. Saturating: it rose, and has stopped, or "
       "in a few steps. Flat: nothing is proven. Bytes and blocks are judged, "
       "and what is old among them. A directory gives the snapshots of the one "
       "process that left three or more; files are taken in the order given, "
       "which must be that of their cuts.",
       MakeTrendReport},
      {"leaks", "Shows blocks that nothing holds, by call stack", "FILE", 1, 1,
       kGraphOptions | kLeakOptions | kSymbolOptions,
       "Direct leaks first: components that no root reaches and no other leak "
       "points to, with what they take along. Possible: held through interior "
       "pointers only, or unreachable in an incomplete snapshot. Blocks that "
       "the program expected to be freed (heapline_expect_dead) follow, each "
       "with a shortest path from a root. Ends with 1 where it finds some.",
       MakeLeaksReport},
      {"graph", "Shows the object graph as a tree, or draws it", "FILE", 1, 1,
       kGraphOptions | kViewOptions | kSymbolOptions,
       "A tree from the roots down by what each object retains: what stands "
       "below a row would go with it. With --from the tree below X; with --to "
       "what leads to X, up to the roots; with both what leads from one to the "
       "other. X is an address (0x...), a type, a site as file:line or a "
       "root's name. --format dot is for dot -Tsvg: weak references are "
       "dashed, cycles that own themselves red, leaked objects filled.",
       MakeGraphReport},
      {"paths", "Shows why an object is alive: paths from roots to it",
       "FILE X", 2, 2, kGraphOptions | kSymbolOptions,
       "X is an address (0x...), a type, or a site as file:line; of several "
       "objects the largest is taken. Shortest paths first, one of each root: "
       "a global symbol, a thread's stack, registers or TLS.",
       MakePathsReport},
      {"retained", "Ranks who keeps how much alive", "FILE", 1, 1,
       kGraphOptions | kKeyOptions | kSymbolOptions,
       "Retained is what would go with the blocks of a row: what only they "
       "lead to, themselves included. Rows of roots (a global symbol, a "
       "thread's stack) stand among those of blocks.",
       MakeRetainedReport},
      {"cycles", "Shows objects that keep each other alive", "FILE", 1, 1,
       kGraphOptions | kCycleOptions | kSymbolOptions,
       "Unreachable ones, and those whose own reference counts prove that "
       "nothing outside owns them. Lists and links to parents are told apart. "
       "Suspected: a word may look like a reference by chance.",
       MakeCyclesReport},
      {"account", "Says where the resident memory goes", "FILE [FILE2]", 1, 2,
       kNoReportOptions,
       "Live blocks, what the allocator keeps beside them, thread stacks, "
       "files, the tracer's own memory, other anonymous memory and what is "
       "unexplained: the rows sum to the RSS. With FILE2, what grew. A "
       "directory gives the newest snapshot of each process, summed.",
       MakeAccountReport},
  };
  return *table;
}

}  // namespace heapline
