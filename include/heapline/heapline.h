/* heapline.h: speak to the tracer from inside a program. Header-only: nothing
 * to link, C11 and C++17, gcc and clang, PIE or not, any number of translation
 * units. Without the tracer every call does nothing and costs one load and a
 * branch, so the calls may stay in what is shipped.
 *
 * How: the first call in a translation unit looks up `heapline_api`, which the
 * preloaded libheapline.so exports, by dlsym(RTLD_DEFAULT, …). (glibc before
 * 2.34 keeps dlsym in libdl: link with -ldl there. In a fully static program,
 * where nothing can be preloaded, define HEAPLINE_DISABLE before including.)
 *
 * Thread-safety: every function may be called from any thread at any time, but
 * not from a signal handler. Texts are copied; the caller keeps them. */
#ifndef HEAPLINE_HEAPLINE_H_
#define HEAPLINE_HEAPLINE_H_

#include <stddef.h>
#include <stdint.h>

#ifndef HEAPLINE_DISABLE
#include <dlfcn.h>
#endif

/* The version of the table below. The tracer answers NULL to one it does not
 * know. */
#define HEAPLINE_API_VERSION 1u

#ifdef __cplusplus
extern "C" {
#endif

/* What the tracer offers. Members are only ever added, at the end. A program
 * built with a longer table than the tracer's runs as if without it. */
struct heapline_api_v1 {
  uint32_t size;     /* bytes of this table as the tracer has it */
  uint32_t reserved; /* 0 */
  int (*snapshot)(const char* label);
  void (*start)(void);
  void (*stop)(void);
  uint64_t (*current)(void);
  uint64_t (*peak)(void);
  void (*reset_peak)(void);
  int (*add_root)(const void* start, size_t bytes);
  int (*remove_root)(const void* start);
  void (*pool_alloc)(const void* pool, const void* block, size_t bytes);
  void (*pool_free)(const void* pool, const void* block);
  void (*expect_dead)(const void* block, const char* label);
  void (*scope_begin)(const char* name);
  void (*scope_end)(void);
  void (*round)(void);
};

/* What libheapline.so exports under the name "heapline_api". */
typedef const struct heapline_api_v1* (*heapline_api_function)(
    unsigned version);

#ifdef HEAPLINE_DISABLE

static inline const struct heapline_api_v1* heapline_find_api(void) {
  return NULL;
}

#else

/* The tracer's table, or NULL where this process is not traced. Threads that
 * come here at once all find the same. Where there is no tracer the first call
 * discards a pending dlerror() text of its thread. */
static inline const struct heapline_api_v1* heapline_find_api(void) {
  enum { kNotAsked = 0, kAbsent = 1, kPresent = 2 };
  static const struct heapline_api_v1* table;
  static int state;
  const int known = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
  if (__builtin_expect(known == kNotAsked, 0)) {
    void* everywhere = NULL; /* RTLD_DEFAULT, which needs _GNU_SOURCE in C */
    void* address = dlsym(everywhere, "heapline_api");
    const struct heapline_api_v1* found = NULL;
    if (address != NULL) {
      heapline_api_function ask;
      __builtin_memcpy(&ask, &address, sizeof ask); /* ISO C forbids a cast */
      found = ask(HEAPLINE_API_VERSION);
      if (found != NULL && found->size < sizeof *found) found = NULL;
    } else {
      dlerror();
    }
    __atomic_store_n(&table, found, __ATOMIC_RELAXED);
    __atomic_store_n(&state, found != NULL ? kPresent : kAbsent,
                     __ATOMIC_RELEASE);
    return found;
  }
  return known == kPresent ? __atomic_load_n(&table, __ATOMIC_RELAXED) : NULL;
}

#endif /* HEAPLINE_DISABLE */

/* 1 where the tracer is in this process (even while it is stopped), else 0. */
static inline int heapline_is_present(void) {
  return heapline_find_api() != NULL;
}

/* Cuts a snapshot now and returns when its file is whole. `label` (NULL: none;
 * cut after 256 bytes) stands in the file's header; the reason is `api`.
 * 0: written. -1: not written; the tracer has said why on stderr, or there is
 * no tracer. errno is left as it was. */
static inline int heapline_snapshot(const char* label) {
  const struct heapline_api_v1* api = heapline_find_api();
  return api != NULL ? api->snapshot(label) : -1;
}

/* Turns recording on, for a process begun with start=0 or after a stop. Blocks
 * allocated while it was off stay unknown and snapshots say `complete` 0. Does
 * not nest: one call undoes any number of stops. */
static inline void heapline_start(void) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->start();
}

/* Turns recording off; allocations are only forwarded. Blocks recorded before
 * stay known and their frees are still seen. */
static inline void heapline_stop(void) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->stop();
}

/* Bytes live now, as requested by their allocations; 0 without the tracer.
 * Other threads' last few operations may be missing: they count in batches of
 * at most 64 KiB. */
static inline uint64_t heapline_current(void) {
  const struct heapline_api_v1* api = heapline_find_api();
  return api != NULL ? api->current() : 0;
}

/* The highest heapline_current() since start or the last reset, in bytes; 0
 * without the tracer. */
static inline uint64_t heapline_peak(void) {
  const struct heapline_api_v1* api = heapline_find_api();
  return api != NULL ? api->peak() : 0;
}

/* Sets the peak to the current value. */
static inline void heapline_reset_peak(void) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->reset_peak();
}

/* Declares [start, start + bytes) a root: what it points to is reachable. For
 * memory that the tracer cannot see as one, e.g. a shared mapping. The region
 * must stay readable until it is removed. 0, or -1: no tracer, or no room for
 * another region. */
static inline int heapline_add_root(const void* start, size_t bytes) {
  const struct heapline_api_v1* api = heapline_find_api();
  return api != NULL ? api->add_root(start, bytes) : -1;
}

/* Takes back the add_root of this start. 0, or -1: no tracer, or no such
 * region. */
static inline int heapline_remove_root(const void* start) {
  const struct heapline_api_v1* api = heapline_find_api();
  return api != NULL ? api->remove_root(start) : -1;
}

/* Tells of a block that a pool of the program's own has handed out: `bytes` at
 * `block`, charged to the caller's stack like a malloc. `pool` is any address
 * that names the pool. Blocks must be 16-byte aligned and must not overlap; the
 * heap block they lie in is then a container and counts no bytes itself. */
static inline void heapline_pool_alloc(const void* pool, const void* block,
                                       size_t bytes) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->pool_alloc(pool, block, bytes);
}

/* Tells that a pool took `block` back; nothing happens for one never told. */
static inline void heapline_pool_free(const void* pool, const void* block) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->pool_free(pool, block);
}

/* Says that `block` (as malloc or new returned it) should be freed soon. If it
 * is still live at a later snapshot, the snapshot lists it under `label` (NULL:
 * none; cut after 256 bytes). Freeing it forgets the expectation. */
static inline void heapline_expect_dead(const void* block, const char* label) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->expect_dead(block, label);
}

/* Begins a named scope in this thread: until the matching heapline_scope_end
 * its allocations carry `name` (cut after 63 bytes) as an outer frame. Scopes
 * nest; each begin needs its end in the same thread. */
static inline void heapline_scope_begin(const char* name) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->scope_begin(name);
}

/* Ends the innermost scope of this thread; without one nothing happens. */
static inline void heapline_scope_end(void) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->scope_end();
}

/* Marks the end of one round of repeated work (a request, a frame, a test
 * case). Every snapshot says how many rounds went before it. */
static inline void heapline_round(void) {
  const struct heapline_api_v1* api = heapline_find_api();
  if (api != NULL) api->round();
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* HEAPLINE_HEAPLINE_H_ */
