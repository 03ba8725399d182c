/* c_exec_chain.c N: becomes itself N times over, then tells what is left: the
 * environment, descriptors and signals of the last image. */
#include "census.h"

int main(int count, char** arguments) {
  int left = count > 1 ? atoi(arguments[1]) : 0;
  char number[16];
  char* volatile kept = malloc(4000);
  kept[0] = 1;
  if (left == 0) {
    census("after the chain");
    return 8;
  }
  snprintf(number, sizeof number, "%d", left - 1);
  if (left % 2) {
    execl(arguments[0], arguments[0], number, (char*)NULL);
  } else {
    execvp(arguments[0], (char*[]){arguments[0], number, NULL});
  }
  return 9;
}
