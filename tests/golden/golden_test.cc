// Every report as a person sees it, compared with a file that was read and
// found right.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/golden/run_cli.h"

namespace heapline {
namespace {

struct GoldenCase {
  const char* name;       // expected/NAME.txt
  const char* arguments;  // of heapline
};

constexpr GoldenCase kCases[] = {
    {"top_line", "top snapshots/server-1.txt"},
    {"top_function", "top snapshots/server-1.txt --by function"},
    {"top_file", "top snapshots/server-1.txt --by file"},
    {"top_module", "top snapshots/server-1.txt --by module"},
    {"top_stack", "top snapshots/server-1.txt --by stack -n 4"},
    {"top_type", "top snapshots/server-1.txt --by type -n 2"},
    {"top_thread", "top snapshots/server-1.txt --by thread"},
    {"top_cumulative", "top snapshots/server-1.txt --cumulative -n 4"},
    {"top_innermost", "top snapshots/server-1.txt --attribute innermost"},
    {"top_wrapper", "top snapshots/server-1.txt --wrapper 'Cache::*' -n 3"},
    {"cycles_wrapper", "cycles snapshots/shop.txt --wrapper order.cc"},
    {"top_count", "top snapshots/server-1.txt --sort count -n 3"},
    {"top_total", "top snapshots/server-1.txt --sort total -n 3"},
    {"top_temporary", "top snapshots/server-1.txt --sort temporary -n 3"},
    {"top_exact", "top snapshots/server-1.txt --exact"},
    {"top_include", "top snapshots/server-1.txt --include 'cache.cc'"},
    {"top_exclude",
     "top snapshots/server-1.txt --exclude '*plugin*' --exclude 'Cache::*'"},
    {"top_path_map",
     "top snapshots/server-1.txt -n 1 --format json "
     "--path-map /src/server=/home/me/server"},
    {"top_json", "top snapshots/server-1.txt --format json -n 2"},
    {"top_color", "top snapshots/server-1.txt --color always -n 1"},
    {"top_sampled", "top snapshots/sampled.txt"},
    {"top_sampled_json", "top snapshots/sampled.txt --format json -n 1"},
    {"top_damaged", "top snapshots/damaged.txt"},
    {"top_hostile", "top snapshots/hostile.txt --by stack"},
    {"top_hostile_json", "top snapshots/hostile.txt --format json -n 1"},
    {"top_directory", "top snapshots/farm"},
    {"diff_line", "diff snapshots/server-1.txt snapshots/server-2.txt"},
    {"diff_count",
     "diff snapshots/server-1.txt snapshots/server-2.txt --sort count -n 3"},
    {"diff_stack",
     "diff snapshots/server-1.txt snapshots/server-2.txt --by stack -n 2"},
    {"diff_json",
     "diff snapshots/server-1.txt snapshots/server-2.txt --format json -n 1"},
    {"diff_color",
     "diff snapshots/server-1.txt snapshots/server-2.txt "
     "--color always -n 3"},
    {"diff_directory", "diff snapshots/farm"},
    {"diff_two_directories", "diff snapshots/farm snapshots/farm"},
    {"diff_other_program",
     "diff snapshots/farm/a-1.txt snapshots/farm/b-1.txt"},
    {"diff_sampled_and_exact",
     "diff snapshots/server-1.txt snapshots/sampled.txt"},
    {"diff_one_file", "diff snapshots/server-1.txt"},
    {"top_type_of_objects", "top snapshots/service-2.txt --by type"},
    {"top_type_sorted_by_total",
     "top snapshots/service-2.txt --by type --sort total -n 2"},
    {"diff_kept_by", "diff snapshots/service-1.txt snapshots/service-2.txt"},
    {"diff_kept_by_json",
     "diff snapshots/service-1.txt snapshots/service-2.txt --format json -n 1"},
    {"diff_type",
     "diff snapshots/service-1.txt snapshots/service-2.txt --by type -n 0"},
    {"diff_kept_by_of_another_process",
     "diff snapshots/server-1.txt snapshots/service-2.txt -n 2"},
    {"trend", "trend snapshots/series"},
    {"trend_json", "trend snapshots/series --format json -n 2"},
    {"trend_color", "trend snapshots/series --color always -n 1"},
    {"trend_stack", "trend snapshots/series --by stack -n 1"},
    {"trend_confidence", "trend snapshots/series --confidence 0.999 -n 1"},
    {"trend_filtered", "trend snapshots/series --include 'serve.cc'"},
    {"trend_of_few",
     "trend snapshots/series/01.txt snapshots/series/02.txt "
     "snapshots/series/03.txt -n 1"},
    {"trend_of_two", "trend snapshots/series/01.txt snapshots/series/02.txt"},
    {"trend_out_of_order",
     "trend snapshots/series/01.txt snapshots/series/03.txt "
     "snapshots/series/02.txt"},
    {"trend_of_two_programs",
     "trend snapshots/series/01.txt snapshots/series/02.txt "
     "snapshots/server-1.txt"},
    {"graph", "graph snapshots/service-2.txt"},
    {"graph_rows", "graph snapshots/service-2.txt -n 4"},
    {"graph_depth", "graph snapshots/service-2.txt --depth 2"},
    {"graph_json", "graph snapshots/service-2.txt --format json -n 3"},
    {"graph_dot", "graph snapshots/service-2.txt --format dot"},
    {"graph_dot_cut", "graph snapshots/service-2.txt --format dot -n 3"},
    {"graph_dot_weak", "graph snapshots/notes.txt --format dot"},
    {"graph_dot_without_rules",
     "graph snapshots/notes.txt --format dot --edge-rules none"},
    {"graph_dot_cycles", "graph snapshots/shop.txt --format dot"},
    {"graph_damaged", "graph snapshots/shop-damaged.txt"},
    {"graph_from_address", "graph snapshots/service-2.txt --from 0x20008"},
    {"graph_from_site", "graph snapshots/service-2.txt --from cache.cc:34"},
    {"graph_from_root",
     "graph snapshots/service-2.txt --from 'stack of thread service'"},
    {"graph_to_address", "graph snapshots/service-2.txt --to 0x80000"},
    {"graph_to_site", "graph snapshots/service-2.txt --to text.cc:5"},
    {"graph_to_json",
     "graph snapshots/service-2.txt --to 0x80000 --format json -n 2"},
    {"graph_to_dot", "graph snapshots/service-2.txt --to 0x80000 --format dot"},
    {"graph_from_to",
     "graph snapshots/service-2.txt --from cache.cc:20 --to 0x30000"},
    {"graph_from_root_to",
     "graph snapshots/service-2.txt --from service+0x480010 --to 0x30000"},
    {"graph_from_to_without_a_way",
     "graph snapshots/service-2.txt --from Session --to 0x80000"},
    {"graph_mistyped", "graph snapshots/service-2.txt --from cache.cc:43"},
    {"graph_unknown_address", "graph snapshots/service-2.txt --to 0x1"},
    {"graph_without_graph", "graph snapshots/server-1.txt"},
    {"graph_color", "graph snapshots/service-2.txt --color always -n 4"},
    {"leaks_expected_dead", "leaks snapshots/service-2.txt"},
    {"leaks_expected_dead_json", "leaks snapshots/service-2.txt --format json"},
    {"paths_mistyped", "paths snapshots/service-2.txt Sesion"},
    {"info", "info snapshots/server-2.txt"},
    {"info_json", "info snapshots/server-2.txt --format json"},
    {"info_damaged", "info snapshots/damaged.txt"},
    {"info_hostile", "info snapshots/hostile.txt"},
    {"account", "account snapshots/account-1.txt"},
    {"account_growth",
     "account snapshots/account-1.txt snapshots/account-2.txt"},
    {"account_json",
     "account snapshots/account-1.txt snapshots/account-2.txt --format json"},
    {"account_hostile", "account snapshots/account-hostile.txt"},
    {"account_without_mappings", "account snapshots/server-1.txt"},
    {"info_graph", "info snapshots/graph.txt"},
    {"leaks", "leaks snapshots/shop.txt"},
    {"leaks_ignored_roots",
     "leaks snapshots/shop.txt --ignore-roots stack,register -n 2"},
    {"leaks_kinds",
     "leaks snapshots/shop.txt --kinds direct,indirect,possible,reachable -n "
     "5"},
    {"leaks_json", "leaks snapshots/shop.txt --format json"},
    {"leaks_color", "leaks snapshots/shop.txt --color always -n 1"},
    {"leaks_suppressed",
     "leaks snapshots/shop.txt --suppressions snapshots/shop.supp"},
    {"leaks_types", "leaks snapshots/notes.txt"},
    {"leaks_unread", "leaks snapshots/graph.txt"},
    {"leaks_damaged", "leaks snapshots/shop-damaged.txt"},
    {"leaks_damaged_json",
     "leaks snapshots/shop-damaged.txt --format json -n 1"},
    {"leaks_none",
     "leaks snapshots/shop.txt --kinds possible --suppressions "
     "snapshots/shop-stacks.supp"},
    {"leaks_without_graph", "leaks snapshots/server-1.txt"},
    {"paths", "paths snapshots/shop.txt prices.cc:5"},
    {"paths_address", "paths snapshots/notes.txt 0x22110"},
    {"paths_type", "paths snapshots/notes.txt Note"},
    {"paths_json", "paths snapshots/shop.txt 0x52000 --format json"},
    {"paths_color", "paths snapshots/shop.txt 0x52000 --color always -n 1"},
    {"paths_leaked", "paths snapshots/shop.txt order.cc:44"},
    {"paths_unread", "paths snapshots/graph.txt 0x5090"},
    {"paths_damaged", "paths snapshots/shop-damaged.txt order.cc:15"},
    {"paths_no_such_object", "paths snapshots/shop.txt price.cc:5"},
    {"paths_no_such_address", "paths snapshots/shop.txt 0x1"},
    {"paths_without_graph", "paths snapshots/server-1.txt 0x1000"},
    {"retained", "retained snapshots/shop.txt"},
    {"retained_type", "retained snapshots/notes.txt --by type"},
    {"retained_function", "retained snapshots/shop.txt --by function -n 3"},
    {"retained_json", "retained snapshots/shop.txt --format json -n 2"},
    {"retained_color", "retained snapshots/shop.txt --color always -n 1"},
    {"retained_unread", "retained snapshots/graph.txt"},
    {"retained_damaged", "retained snapshots/shop-damaged.txt"},
    {"retained_without_graph", "retained snapshots/server-1.txt"},
    {"cycles", "cycles snapshots/shop.txt"},
    {"cycles_reachable", "cycles snapshots/shop.txt --reachable"},
    {"cycles_types", "cycles snapshots/notes.txt"},
    {"cycles_json", "cycles snapshots/notes.txt --format json"},
    {"cycles_color", "cycles snapshots/notes.txt --color always"},
    {"cycles_unread", "cycles snapshots/graph.txt --reachable"},
    {"cycles_damaged", "cycles snapshots/shop-damaged.txt"},
    {"cycles_without_graph", "cycles snapshots/server-1.txt"},
    {"info_exact", "info snapshots/exact.txt"},
    {"cycles_exact", "cycles snapshots/exact.txt --reachable"},
    {"leaks_exact", "leaks snapshots/exact.txt"},
    {"retained_exact", "retained snapshots/exact.txt --by type"},
    {"graph_exact_dot", "graph snapshots/exact.txt --format dot"},
    {"info_directory", "info snapshots/farm -o - | grep -c ^program"},
    {"mistyped_command", "tpo snapshots/server-1.txt"},
    {"mistyped_option", "top --sotr=count snapshots/server-1.txt"},
    {"mistyped_option_and_value", "top --sotr count snapshots/server-1.txt"},
    {"one_file_too_many", "info snapshots/server-1.txt snapshots/server-2.txt"},
    {"mistyped_key", "top --by lines snapshots/server-1.txt"},
    {"no_file", "top snapshots/nothing.txt"},
    {"no_snapshot", "top golden_test.cc"},
    {"no_argument", "diff"},
    {"bad_path_map", "top snapshots/server-1.txt --path-map /src"},
};

// What the user would see: the command, stdout, then stderr and the status.
std::string Transcript(const GoldenCase& golden) {
  const CliResult result =
      RunCli(HEAPLINE_CLI, GOLDEN_DIRECTORY,
             "\"$HEAPLINE\" " + std::string(golden.arguments));
  return "$ heapline " + std::string(golden.arguments) + "\n" + result.out +
         "-- stderr --\n" + result.err + "-- exit status " +
         std::to_string(result.exit_status) + " --\n";
}

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, ReportReadsAsExpected) {
  const std::string path =
      std::string(GOLDEN_DIRECTORY) + "/expected/" + GetParam().name + ".txt";
  const std::string transcript = Transcript(GetParam());
  if (std::getenv("HEAPLINE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << transcript;
  }
  EXPECT_EQ(ReadWhole(path), transcript);
}

INSTANTIATE_TEST_SUITE_P(Reports, Golden, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<GoldenCase>& golden) {
                           return std::string(golden.param.name);
                         });

}  // namespace
}  // namespace heapline
