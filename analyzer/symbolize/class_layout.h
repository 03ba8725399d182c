// class_layout.h: the data members of a C++ class as its debugging entry tells
// them. Sizes and places are this reader's own: libdw's walk through damaged
// types need not end. Pure functions, no recursion.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_CLASS_LAYOUT_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_CLASS_LAYOUT_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>

namespace heapline {

// Of a class, a structure or a union.
bool IsClassTag(int tag);

// "other", "links[2]", "first.next": the member of class `type` that has the
// byte at `offset`, down to what is the library's own business (names that
// begin with _). "" where there is none.
std::string MemberName(Dwarf_Die type, uint64_t offset);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_CLASS_LAYOUT_H_
