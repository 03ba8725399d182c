# The symbolizer's tests, and the sample library that they read, built in
# every form of debug information from one source. It is no part of the
# analyzer: no sanitizer, and -O2 whatever the build type, as inlining is what
# it is for.
function(add_symbolize_sample name)
  add_library(${name} SHARED symbolize_sample.cc)
  target_compile_options(${name} PRIVATE -O2 -g ${ARGN})
endfunction()
add_symbolize_sample(symbolize_sample -gdwarf-5)
target_link_options(symbolize_sample PRIVATE -Wl,--build-id=sha1)
add_symbolize_sample(symbolize_sample_dwarf4 -gdwarf-4)
target_link_options(symbolize_sample_dwarf4 PRIVATE -Wl,--build-id=sha1)
add_symbolize_sample(symbolize_sample_compressed -gz=zlib)
target_link_options(symbolize_sample_compressed PRIVATE
  -gz=zlib -Wl,--build-id=sha1)
add_symbolize_sample(symbolize_sample_split -gdwarf-5 -gsplit-dwarf)
target_link_options(symbolize_sample_split PRIVATE -Wl,--build-id=sha1)
add_symbolize_sample(symbolize_sample_no_id -gdwarf-5)
target_link_options(symbolize_sample_no_id PRIVATE -Wl,--build-id=none)

add_executable(symbolize_test
  symbolize_cache_test.cc
  symbolize_damage_test.cc
  symbolize_files_test.cc
  symbolize_fixture.cc
  symbolize_frames_test.cc
  symbolize_members_test.cc
  symbolize_names_test.cc
  symbolize_paths_test.cc)
target_link_libraries(symbolize_test PRIVATE
  heapline_symbolize GTest::gtest_main GTest::gmock ${CMAKE_DL_LIBS})
target_compile_definitions(symbolize_test PRIVATE
  SYMBOLIZE_SAMPLE="$<TARGET_FILE:symbolize_sample>"
  SYMBOLIZE_SAMPLE_DWARF4="$<TARGET_FILE:symbolize_sample_dwarf4>"
  SYMBOLIZE_SAMPLE_COMPRESSED="$<TARGET_FILE:symbolize_sample_compressed>"
  SYMBOLIZE_SAMPLE_SPLIT="$<TARGET_FILE:symbolize_sample_split>"
  SYMBOLIZE_SAMPLE_NO_ID="$<TARGET_FILE:symbolize_sample_no_id>"
  SYMBOLIZE_SAMPLE_SOURCE="${CMAKE_CURRENT_SOURCE_DIR}/symbolize_sample.cc")
add_dependencies(symbolize_test symbolize_sample symbolize_sample_dwarf4
  symbolize_sample_compressed symbolize_sample_split symbolize_sample_no_id)
gtest_discover_tests(symbolize_test)
