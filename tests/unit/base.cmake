# What every layer of the analyzer stands on.
add_executable(base_test base_test.cc)
target_link_libraries(base_test PRIVATE
  heapline_base GTest::gmock GTest::gtest_main)
gtest_discover_tests(base_test)
