# The object graph and its algorithms.
find_package(absl REQUIRED)
add_executable(graph_test
  edge_rules_test.cc
  graph_cycles_test.cc
  graph_hostile_test.cc
  graph_random_test.cc
  holders_test.cc
  object_graph_test.cc
  reference_tree_test.cc)
target_link_libraries(graph_test PRIVATE
  heapline_analysis GTest::gmock GTest::gtest_main)
gtest_discover_tests(graph_test)
