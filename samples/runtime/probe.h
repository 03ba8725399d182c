// probe.h: the slots of a hash table of 2^k slots, in the order in which a hash
// is looked for: its low bits first, then, as slots are taken, ever more of its
// higher ones, so that hashes which differ anywhere soon part. In the end every
// slot comes up. Source: CPython's dicts, Objects/dictobject.c.
#ifndef SAMPLES_RUNTIME_PROBE_H_
#define SAMPLES_RUNTIME_PROBE_H_

#include <cstddef>
#include <cstdint>

namespace runtime {

class Probe {
 public:
  // mask: slots - 1.
  Probe(uint64_t hash, size_t mask)
      : slot_(hash & mask), rest_(hash), mask_(mask) {}

  size_t slot() const { return slot_; }
  void Next() {
    rest_ >>= 5;
    slot_ = (slot_ * 5 + rest_ + 1) & mask_;
  }

 private:
  size_t slot_;
  uint64_t rest_;
  size_t mask_;
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_PROBE_H_
