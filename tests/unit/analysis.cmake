# Grouping, site rules, sampling and the texts of reports.
find_package(absl REQUIRED)
add_executable(analysis_test
  account_test.cc
  call_stacks_test.cc
  estimate_test.cc
  graph_score_test.cc
  heap_rows_test.cc
  heap_series_test.cc
  qualified_name_test.cc
  short_paths_test.cc
  site_rules_test.cc
  suppressions_test.cc)
target_link_libraries(analysis_test PRIVATE
  heapline_report heapline_analysis absl::strings GTest::gmock GTest::gtest_main)
gtest_discover_tests(analysis_test)

# Growth over a series, with the populations of tests/bench/trend_bench.
add_executable(trend_test
  trend_rank_test.cc trend_test.cc ../bench/trend_populations.cc)
target_link_libraries(trend_test PRIVATE
  heapline_analysis GTest::gmock GTest::gtest_main)
gtest_discover_tests(trend_test)
