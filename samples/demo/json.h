// json.h: the runtime's own, for the demonstration program.
#ifndef SAMPLES_DEMO_JSON_H_
#define SAMPLES_DEMO_JSON_H_

#include "samples/runtime/json.h"

namespace demo {

using runtime::JsonText;

}  // namespace demo

#endif  // SAMPLES_DEMO_JSON_H_
