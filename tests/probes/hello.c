/* hello.c: allocates, tells so, and ends with 9; for compilers, C libraries
 * and loaders of every kind. With an argument it writes past a block's end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char** arguments) {
  char* text = malloc(100);
  (void)arguments;
  strcpy(text, "hello");
  if (count > 1) text[100 * (count - 1)] = 'x';
  printf("%s\n", text);
  free(text);
  return 9;
}
