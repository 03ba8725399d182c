/* graph_probe_library.c: data and thread-local data of a library that is loaded
 * late. */
void* graph_probe_held;

static __thread void* held_by_thread;
void** graph_probe_tls_place(void) { return &held_by_thread; }
