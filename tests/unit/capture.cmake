# Capturing call stacks: rules, walks, nodes.

add_executable(capture_test
  capture_nodes_test.cc capture_walk_test.cc cfi_rules_test.cc
  hostile_frames.cc modules_test.cc readable_memory_test.cc)
# As a hook would be compiled, and as the programs that it walks through.
set_source_files_properties(capture_walk_test.cc capture_nodes_test.cc
  PROPERTIES COMPILE_OPTIONS
  "-O1;-fno-omit-frame-pointer;-fno-optimize-sibling-calls")
set_source_files_properties(hostile_frames.cc PROPERTIES COMPILE_OPTIONS
  "-O2;-fomit-frame-pointer;-Wno-vla;-Wno-clobbered")
target_include_directories(capture_test PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(capture_test PRIVATE
  heapline_shim_parts heapline_warnings GTest::gtest_main ${CMAKE_DL_LIBS})
# Two libraries alike but for their build-id, to be loaded in turn.
foreach(letter A B)
  string(TOLOWER ${letter} lower)
  add_library(capture_test_plugin_${lower} MODULE capture_test_plugin.c)
  target_compile_definitions(capture_test_plugin_${lower} PRIVATE
    HEAPLINE_TEST_PLUGIN='${letter}')
  target_link_options(capture_test_plugin_${lower} PRIVATE -Wl,--build-id)
  target_compile_definitions(capture_test PRIVATE
    HEAPLINE_TEST_PLUGIN_${letter}="$<TARGET_FILE:capture_test_plugin_${lower}>")
  add_dependencies(capture_test capture_test_plugin_${lower})
endforeach()
target_link_options(capture_test PRIVATE -Wl,--build-id)
gtest_discover_tests(capture_test)
