#include "preload/tracer.h"

namespace heapline {

Tracer tracer;
Witness plain_witness = {1, 0};
Witness* witness = &plain_witness;

namespace {

void Testify() {
  __atomic_store_n(&witness->is_tracing,
                   uint64_t{CurrentMode() == Mode::kTracing}, __ATOMIC_RELAXED);
}

}  // namespace

void SetMode(Mode mode) {
  __atomic_store(&tracer.mode, &mode, __ATOMIC_RELAXED);
  Testify();
}

void AnnounceForkCopy() {
  __atomic_store_n(&witness->is_announced, uint64_t{1}, __ATOMIC_RELAXED);
  Testify();
}

void UseWitnessPage(Witness* page) {
  page->is_announced = 1;
  witness = page;
  Testify();
}

}  // namespace heapline
