/* signal_safe_malloc.c: an allocator that a signal handler may interrupt and
 * call again, which libc's is not. Preloaded behind a tracer (and alone in a
 * plain run), it lets a probe allocate in handlers that come anywhere, and
 * leave them by longjmp or cancellation. Memory is cut from one mapping by an
 * atomic addition and never given back. Thread-safe, lock-free. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))

static const size_t kHeapBytes = (size_t)16 << 30; /* address space only */
static char* heap;
static size_t used;

/* Two threads that come first at once: one of the mappings is the heap. */
static char* heap_start(void) {
  char* start = __atomic_load_n(&heap, __ATOMIC_ACQUIRE);
  if (start != NULL) return start;
  char* fresh = mmap(NULL, kHeapBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fresh == MAP_FAILED) return NULL;
  if (__atomic_compare_exchange_n(&heap, &start, fresh, 0, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    return fresh;
  }
  munmap(fresh, kHeapBytes);
  return start;
}

/* A block's size stands in the 16 bytes before it. */
static size_t* size_of(void* block) { return (size_t*)block - 2; }

static void* cut(size_t alignment, size_t bytes) {
  char* start = heap_start();
  if (alignment < 16) alignment = 16;
  if (start == NULL || bytes > kHeapBytes) {
    errno = ENOMEM;
    return NULL;
  }
  size_t room = ((bytes + 15) & ~(size_t)15) + alignment + 16;
  size_t at = __atomic_fetch_add(&used, room, __ATOMIC_RELAXED);
  if (at + room > kHeapBytes) {
    errno = ENOMEM;
    return NULL;
  }
  uintptr_t block = (uintptr_t)start + at + 16;
  block = (block + alignment - 1) & ~(uintptr_t)(alignment - 1);
  *size_of((void*)block) = bytes;
  return (void*)block;
}

EXPORT void* malloc(size_t bytes) { return cut(16, bytes); }
EXPORT void free(void* block) {
  if (block != NULL) *size_of(block) = 0;
}
EXPORT void* calloc(size_t count, size_t bytes) {
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) total = SIZE_MAX;
  return cut(16, total); /* fresh pages are zero, and none is used twice */
}
EXPORT void* realloc(void* block, size_t bytes) {
  void* moved = cut(16, bytes);
  if (block == NULL || moved == NULL) return moved;
  size_t kept = *size_of(block);
  memcpy(moved, block, kept < bytes ? kept : bytes);
  free(block);
  return moved;
}
EXPORT void* memalign(size_t alignment, size_t bytes) {
  return cut(alignment, bytes);
}
EXPORT void* aligned_alloc(size_t alignment, size_t bytes) {
  return cut(alignment, bytes);
}
EXPORT int posix_memalign(void** block, size_t alignment, size_t bytes) {
  *block = cut(alignment, bytes);
  return *block == NULL ? ENOMEM : 0;
}
EXPORT size_t malloc_usable_size(void* block) {
  return block == NULL ? 0 : *size_of(block);
}
