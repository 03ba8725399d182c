# heapline_python_tests(FILE...): each `def test_…` of a unittest file becomes a
# ctest named <folder>.<file>.<promise>, so that a failure names what broke.
# The tests learn where things are from three variables of the environment.
find_program(HEAPLINE_PYTHON NAMES python3 HINTS /usr/bin REQUIRED)

function(heapline_python_tests)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  foreach(source IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    get_filename_component(stem ${source} NAME_WE)
    file(STRINGS ${source} lines REGEX "^(class|    def test_)")
    foreach(line IN LISTS lines)
      if(line MATCHES "^class ([A-Za-z0-9_]+)")
        set(class ${CMAKE_MATCH_1})
      elseif(line MATCHES "def test_([a-z0-9_]+)")
        set(promise ${CMAKE_MATCH_1})
        set(test ${folder}.${stem}.${promise})
        add_test(NAME ${test}
          COMMAND ${HEAPLINE_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/${source}
                  ${class}.test_${promise})
        set_tests_properties(${test} PROPERTIES
          TIMEOUT 300 SKIP_REGULAR_EXPRESSION "skipped="
          ENVIRONMENT "HEAPLINE_SOURCE_DIR=${CMAKE_SOURCE_DIR};HEAPLINE_BUILD_DIR=${CMAKE_BINARY_DIR};HEAPLINE_C_COMPILER=${CMAKE_C_COMPILER};HEAPLINE_CXX_COMPILER=${CMAKE_CXX_COMPILER}")
      endif()
    endforeach()
  endforeach()
endfunction()
