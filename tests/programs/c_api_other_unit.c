/* c_api_other_unit.c: a second translation unit with heapline.h in it, which
 * looks the tracer up for itself, from many threads at once. */
#include <heapline/heapline.h>
#include <pthread.h>

#ifdef __cplusplus
extern "C"
#endif
    int
    PresentInOtherUnit(void);

static void* Ask(void* answer) {
  *(int*)answer = heapline_is_present();
  return NULL;
}

int PresentInOtherUnit(void) {
  enum { kThreads = 8 };
  pthread_t threads[kThreads];
  int answers[kThreads];
  int same = 1;
  for (int i = 0; i < kThreads; ++i) {
    answers[i] = -1;
    if (pthread_create(&threads[i], NULL, Ask, &answers[i]) != 0) return -1;
  }
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  for (int i = 1; i < kThreads; ++i) same &= answers[i] == answers[0];
  return same ? answers[0] : -1;
}
