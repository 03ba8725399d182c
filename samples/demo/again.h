// again.h: a scenario that needs what can only be had at a process's start, an
// option of the tracer or a limit, runs this program a second time.
#ifndef SAMPLES_DEMO_AGAIN_H_
#define SAMPLES_DEMO_AGAIN_H_

#include <cstdint>
#include <string>

#include "samples/demo/stage.h"

namespace demo {

inline constexpr uint64_t kNoLimit = ~uint64_t{0};

// The same program, scenario and heap with these options of the tracer, in an
// address space of so many bytes at most. Its snapshots go to `again` in the
// stage's directory. Gives its wait status when it has ended: with 0, or by a
// signal. RuntimeError where it could not be started, or ended otherwise: it
// has said why on stderr.
int RunAgain(const Stage& stage, const std::string& options,
             uint64_t address_space_bytes);

// True in a process that RunAgain has started.
bool IsRunAgain();

// The files that it has left, in the order of their names; none without a
// tracer.
std::vector<std::string> SnapshotsOfAgain(const Stage& stage);

}  // namespace demo

#endif  // SAMPLES_DEMO_AGAIN_H_
