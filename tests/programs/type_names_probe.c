/* type_names_probe.c: what looks like CPython's types, some of it broken, for
 * type_names.py. Prints the address of each as "name address". */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heapline/heapline.h"

struct Type { /* as PyTypeObject begins */
  long references;
  struct Type* type;
  long size;
  const char* name;
  char unused[136];
  unsigned long flags;
};

struct Object {
  long references;
  struct Type* type;
};

struct Collected { /* behind a PyGC_Head */
  void* links[2];
  struct Type type;
};

enum { kMakesTypes = 1u << 31 };

static struct Type root_type = {1, &root_type, 0, "type", {0}, kMakesTypes};
static struct Type plain = {1, &root_type, 0, "package.Plain", {0}, 0};
static struct Type long_name = {
    1,
    &root_type,
    0,
    "ALongNameThatGoesOnAndOnBeyondWhatIsWrittenOfNamesWhichIsSixtyFourBytes",
    {0},
    0};
static struct Type no_identifier = {1, &root_type, 0, "two words", {0}, 0};
static struct Type secret = {1, &root_type, 0, "9876-5432", {0}, 0};
static struct Type unreadable_name = {1, &root_type, 0, NULL, {0}, 0};
static struct Type unended_name = {1, &root_type, 0, NULL, {0}, 0};
static struct Type name_nowhere = {
    1, &root_type, 0, (const char*)0x7000000000001000, {0}, 0};
/* Two that are each other's type: no chain of theirs ends. */
static struct Type one_of_ring,
    other_of_ring = {1, &one_of_ring, 0, "OtherOfRing", {0}, kMakesTypes};
static struct Type one_of_ring = {1,   &other_of_ring, 0, "OneOfRing",
                                  {0}, kMakesTypes};
/* Its own type, but of another name. */
static struct Type stranger = {1, &stranger, 0, "stranger", {0}, kMakesTypes};
static struct Type of_stranger = {1, &stranger, 0, "OfStranger", {0}, 0};
static struct Type of_nothing = {1, NULL, 0, "OfNothing", {0}, 0};
static struct Type of_wild = {
    1, (struct Type*)0x7000000000001008, 0, "OfWild", {0}, 0};
static struct Type of_odd = {
    1, (struct Type*)((char*)&root_type + 1), 0, "OfOdd", {0}, 0};
/* Makes types: its objects in blocks are types. */
static struct Type meta = {1, &root_type, 0, "Meta", {0}, kMakesTypes};

static void** kept;

static void keep(void* block) {
  void** link = malloc(2 * sizeof *link);
  link[0] = kept;
  link[1] = block;
  kept = link;
}

static void tell(const char* name, const void* address) {
  printf("%s %lx\n", name, (unsigned long)address);
}

/* An object that leads to the type. */
static void use(const char* name, struct Type* type) {
  struct Object* object = calloc(1, 64);
  object->references = 1;
  object->type = type;
  keep(object);
  tell(name, type);
}

static void make_in_block(const char* told, const char* name,
                          struct Type* type) {
  struct Collected* made = calloc(1, 1000);
  made->type.references = 3;
  made->type.type = type;
  made->type.name = name;
  keep(made);
  tell(told, &made->type);
}

int main(void) {
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return 2;
  memset(pages, 'a', 8192);
  if (mprotect(pages + 4096, 4096, PROT_NONE) != 0) return 2;
  unended_name.name = pages + 4096 - 8;
  unreadable_name.name = pages + 4096;
  use("type", &root_type);
  use("plain", &plain);
  use("long_name", &long_name);
  use("no_identifier", &no_identifier);
  use("secret", &secret);
  use("unreadable_name", &unreadable_name);
  use("unended_name", &unended_name);
  use("name_nowhere", &name_nowhere);
  use("one_of_ring", &one_of_ring);
  use("of_stranger", &of_stranger);
  use("of_nothing", &of_nothing);
  use("of_wild", &of_wild);
  use("of_odd", &of_odd);
  use("meta", &meta);
  use("text", (struct Type*)"a text, and no type at all");
  make_in_block("in_block", "InBlock", &root_type);
  make_in_block("of_meta", "OfMeta", &meta);
  make_in_block("of_plain", "OfPlain", &plain);
  make_in_block("of_text", "OfText", (struct Type*)"neither is this a type");
  fflush(stdout);
  return heapline_snapshot("types") == 0 ? 0 : 1;
}
