/* graph_movers_probe.c: sixteen threads that move pointers all the time between
 * globals, stacks, registers and blocks, and lose none; meanwhile the first
 * argument's number of snapshots. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heapline/heapline.h"

enum { kThreads = 16, kShared = 256, kOwn = 8, kLongestList = 50 };

struct Node {
  struct Node* next;
  char* text;
};

static void* shared[kShared];
static volatile int is_over;

static void* exchange(unsigned at, void* block) {
  return __atomic_exchange_n(&shared[at % kShared], block, __ATOMIC_ACQ_REL);
}

static struct Node* push(struct Node* list, size_t bytes) {
  struct Node* node = malloc(sizeof *node);
  node->text = malloc(bytes);
  node->next = list;
  return node;
}

static struct Node* reverse(struct Node* list) {
  struct Node* reversed = NULL;
  while (list != NULL) {
    struct Node* next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

static void release(struct Node* list) {
  while (list != NULL) {
    struct Node* next = list->next;
    free(list->text);
    free(list);
    list = next;
  }
}

static void* move(void* number) {
  uint64_t random = (uintptr_t)number * 7919 + 1;
  struct Node* list = NULL;
  int nodes = 0;
  char* own[kOwn] = {NULL};
  while (!is_over) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const unsigned at = (unsigned)random;
    const unsigned one = (unsigned)(random >> 33) % kOwn;
    const unsigned other = (unsigned)(random >> 37) % kOwn;
    char* kept = own[one];
    switch ((random >> 20) % 6) {
      case 0:
        free(exchange(at, calloc(1, 16 + at % 200)));
        break;
      case 1:
        free(exchange(at + 1, exchange(at, NULL)));
        break;
      case 2:
        list = push(list, 10 + at % 50);
        if (++nodes == kLongestList) {
          release(list);
          list = NULL;
          nodes = 0;
        }
        break;
      case 3:
        own[one] = realloc(own[one], 8 + at % 3000);
        break;
      case 4:
        list = reverse(list);
        break;
      default:
        own[one] = own[other];
        own[other] = kept;
    }
  }
  release(list);
  for (int i = 0; i < kOwn; ++i) free(own[i]);
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t threads[kThreads];
  if (argc != 2) return 2;
  for (uintptr_t i = 0; i < kThreads; ++i) {
    if (pthread_create(&threads[i], NULL, move, (void*)i) != 0) return 2;
  }
  for (int i = atoi(argv[1]); i > 0; --i) {
    usleep(3000);
    if (heapline_snapshot("moving") != 0) return 1;
  }
  is_over = 1;
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  return 0;
}
