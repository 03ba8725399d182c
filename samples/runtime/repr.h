// repr.h: objects as Python prints them.
//
// Containers within containers are shown by their type alone, "[...]": nothing
// here recurses.
#ifndef SAMPLES_RUNTIME_REPR_H_
#define SAMPLES_RUNTIME_REPR_H_

#include <string>
#include <string_view>

#include "samples/runtime/object.h"

namespace runtime {

// `'text'`; with double quotes where it holds a single one and no double one.
std::string Quoted(std::string_view text);

// repr(x): "None" of nullptr, "42", "3.14", "'text'", "[1, 2]", "(1,)",
// "{'hits': 2}", "{1, 2}"; of other types "<function object at 0x…>".
std::string Repr(const Object* object);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_REPR_H_
