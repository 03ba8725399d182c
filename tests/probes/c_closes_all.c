/* c_closes_all.c WAY: closes every descriptor from 3 up, as daemons do, then
 * works with eight files of its own while it allocates. WAY is how: "loop",
 * "closefrom" or "close_range". Prints the numbers it got and whether each file
 * holds what was written to it and nothing else. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "census.h"

enum { kFiles = 8, kRounds = 300, kPiece = 512 };

static void close_all(const char* way) {
  if (!strcmp(way, "closefrom")) {
    closefrom(3);
  } else if (!strcmp(way, "close_range")) {
    close_range(3, ~0u, 0);
  } else {
    for (int number = 3; number < 1024; number++) close(number);
  }
}

static int holds_only(int file, char letter) {
  char piece[kPiece];
  if (lseek(file, 0, SEEK_SET) != 0) return 0;
  for (int i = 0; i < kRounds; i++) {
    if (read(file, piece, kPiece) != kPiece) return 0;
    for (int at = 0; at < kPiece; at++) {
      if (piece[at] != letter) return 0;
    }
  }
  return read(file, piece, 1) == 0;
}

int main(int count, char** arguments) {
  int files[kFiles];
  char* kept[kRounds];
  printf("first: %d\n", dup(0));
  for (int i = 0; i < 2000; i++) free(malloc((size_t)i));
  close_all(count > 1 ? arguments[1] : "loop");
  for (int i = 0; i < kFiles; i++) {
    char name[] = "own-0";
    name[4] = (char)('0' + i);
    files[i] = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    printf("file %d: descriptor %d\n", i, files[i]);
  }
  for (int round = 0; round < kRounds; round++) {
    char piece[kPiece];
    for (int i = 0; i < kFiles; i++) {
      memset(piece, 'a' + i, kPiece);
      if (write(files[i], piece, kPiece) != kPiece) return 2;
    }
    kept[round] = malloc(20000);
    if (round % 30 == 0) usleep(1000);
  }
  for (int i = 0; i < kFiles; i++) {
    printf("file %d: %s\n", i,
           holds_only(files[i], (char)('a' + i)) ? "own" : "CORRUPTED");
  }
  for (int round = 0; round < kRounds; round++) free(kept[round]);
  census("at the end");
  return 0;
}
