/* keep.h: Keep(p) makes the compiler believe that somebody reads the memory
 * that p points to, so that it may not remove the allocation whose loss a
 * sample shows. It costs no instruction. C11 and C++17, thread-safe. */
#ifndef SAMPLES_LEAKS_KEEP_H_
#define SAMPLES_LEAKS_KEEP_H_

static inline void Keep(const void* p) {
  __asm__ volatile("" : : "g"(p) : "memory");
}

#endif /* SAMPLES_LEAKS_KEEP_H_ */
