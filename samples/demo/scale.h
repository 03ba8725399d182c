// scale.h: bytes an instance, counted twice: by the runtime's own allocator and
// by the tracer that knows nothing of it. Both numbers are whole bytes over all
// instances. Without a tracer there is only the runtime's; in pools too, where
// the tracer's running total is of arenas, and only its snapshots tell blocks
// (scenario `pools`).
//
// Invariant: when a function here returns, what was made for counting is freed.
#ifndef SAMPLES_DEMO_SCALE_H_
#define SAMPLES_DEMO_SCALE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "samples/demo/stage.h"
#include "samples/runtime/function_ref.h"

namespace demo {

inline constexpr size_t kScales[] = {100'000, 1'000'000};

// Bytes by the one count and by the other; 0: not counted.
struct Counts {
  uint64_t by_runtime = 0;
  uint64_t by_tracer = 0;
};

// Of the runtime's heap, from the moment on in which it is made.
class Counting {
 public:
  Counting();
  Counts Now() const;

 private:
  Counts before_;
};

// Prints one line, "NAME  1000000  88.0 bytes each", with the tracer's figure
// where there is one and `beside` behind it, and keeps the numbers:
// "NAME: 1000000 by the runtime", "… by the tracer".
void PrintPerInstance(Stage& stage, const std::string& name, size_t instances,
                      const Counts& counts, const char* beside = "");
// Keeps them alone.
void KeepCounts(Stage& stage, const std::string& name, size_t instances,
                const Counts& counts);

// Makes so many of them, once at each scale, and prints the lines. What `make`
// returns holds them all.
void MeasureAtScale(Stage& stage, const std::string& name,
                    runtime::FunctionRef<Ref<Object>(size_t instances)> make,
                    const char* beside = "");

}  // namespace demo

#endif  // SAMPLES_DEMO_SCALE_H_
