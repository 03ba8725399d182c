// Expect: lost_list_head.c:20 blocks=1500 bytes=72000
// Fixed: blocks=0 bytes=0
//
// A list is emptied by setting its head to NULL. One pointer is lost and with
// it the whole list: the head is leaked directly, the rest through it. The fix
// walks the list and frees each element.
#include <stdlib.h>

#include "keep.h"

struct Job {
  struct Job* next;
  long number;
  char name[32];
};

static struct Job* jobs;

static void Add(long number) {
  struct Job* job = malloc(sizeof *job);  // the line to be named
  job->next = jobs;
  job->number = number;
  job->name[0] = '\0';
  jobs = job;
  Keep(job);
}

static void Clear(void) {
#ifdef FIXED
  while (jobs != NULL) {
    struct Job* next = jobs->next;
    free(jobs);
    jobs = next;
  }
#endif
  jobs = NULL;
}

int main(void) {
  for (int batch = 0; batch < 3; ++batch) {
    for (long number = 0; number < 500; ++number) Add(number);
    Clear();
  }
  return 0;
}
