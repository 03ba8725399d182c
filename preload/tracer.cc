#include "preload/tracer.h"

namespace heapline {

Tracer tracer;

}  // namespace heapline
