/* expected_dead_probe.c: three blocks that should be freed before the snapshot:
 * one is, one is kept by a list that a global variable holds, one by nothing.
 * Prints the addresses of the two that live, as `name address`. */
#include <heapline/heapline.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct session {
  struct session* next;
  char user[40];
};

struct session* sessions;

static struct session* Open(struct session** list) {
  struct session* session = calloc(1, sizeof *session);
  if (session == NULL) abort();
  session->next = *list;
  *list = session;
  return session;
}

/* Addresses are kept out of this frame: only the list may hold them. */
__attribute__((noinline)) static void Work(void) {
  Open(&sessions);
  heapline_expect_dead(sessions, "logged out");
  printf("kept 0x%" PRIxPTR "\n", (uintptr_t)sessions);
  Open(&sessions);
  struct session* freed = malloc(100);
  heapline_expect_dead(freed, "freed in time");
  free(freed);
  struct session* lost = NULL;
  Open(&lost);
  heapline_expect_dead(lost, "lost");
  printf("lost 0x%" PRIxPTR "\n", (uintptr_t)lost);
}

/* Overwrites what Work left behind on the stack. */
__attribute__((noinline)) static void Forget(void) {
  volatile char frame[4096];
  for (size_t i = 0; i < sizeof frame; ++i) frame[i] = 0;
}

int main(void) {
  Work();
  Forget();
  return 0;
}
