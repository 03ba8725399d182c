/* library.c: data of a library that roots.c loads. */
static void* data;
static __thread void* of_thread;

void** library_data(void) { return &data; }
void** library_thread_local(void) { return &of_thread; }
