// perf_map.h: names of code made at run time, from the file that JIT compilers
// write for perf: /tmp/perf-PID.map, one line a function: START SIZE NAME,
// numbers in hexadecimal. Later lines hide earlier ones. Immutable after
// reading.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_PERF_MAP_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_PERF_MAP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace heapline {

class PerfMap {
 public:
  // The map in `directory` (/tmp) of the process; empty when there is none, or
  // it is no regular file, or it was last written before `process_start_ns`
  // (since the epoch; 0: unknown) and so is of an earlier process with that id.
  static PerfMap Read(const std::string& directory, uint64_t process_id,
                      uint64_t process_start_ns);
  static PerfMap Parse(absl::string_view text);

  // "" when no function covers the address.
  absl::string_view FunctionAt(uint64_t address) const;

 private:
  struct Function {
    uint64_t start;  // [start, end)
    uint64_t end;
    std::string name;
  };
  std::vector<Function> functions_;  // ascending, without overlap of starts
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_PERF_MAP_H_
