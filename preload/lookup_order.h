// lookup_order.h: which object defines a symbol before this library does, as
// the loader looks symbols up: the program first, then what is preloaded, then
// what they need. dlsym cannot tell: a library linked symbolically finds its
// own definition, and a program that takes a function's address has a stub
// that looks like one. At start only: reads the loader's list without its
// lock, while nobody loads anything.
#ifndef HEAPLINE_PRELOAD_LOOKUP_ORDER_H_
#define HEAPLINE_PRELOAD_LOOKUP_ORDER_H_

namespace heapline {

// Path of the first object before this library that defines `symbol`, as the
// loader has it; "" when that is the program itself, NULL when there is none.
const char* DefinerBefore(const char* symbol);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LOOKUP_ORDER_H_
