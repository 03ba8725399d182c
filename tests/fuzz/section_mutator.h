// section_mutator.h: changes a snapshot in the binary form so that it stays
// one: whole sections come, go, move and are altered one by one, and checksums
// are made to hold again. A reader's records would else never be reached.
// Deterministic by `seed`; no state.
#ifndef HEAPLINE_TESTS_FUZZ_SECTION_MUTATOR_H_
#define HEAPLINE_TESTS_FUZZ_SECTION_MUTATOR_H_

#include <cstddef>
#include <cstdint>

namespace heapline {

// As LLVMFuzzerCustomMutator: changes data[0, size) in place, returns the new
// size, at most `capacity`.
size_t MutateSections(uint8_t* data, size_t size, size_t capacity,
                      unsigned seed);

}  // namespace heapline

#endif  // HEAPLINE_TESTS_FUZZ_SECTION_MUTATOR_H_
