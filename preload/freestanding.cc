// The functions that a compiler may call without being told to. The export
// list keeps them inside the library, so the program's own memcpy is never
// called by us, nor ours by it. Must not call themselves: the
// file is compiled without the recognition of such loops.
#include <stddef.h>
#include <stdint.h>

extern "C" {

void* memcpy(void* out, const void* in, size_t count) {
  void* const start = out;
  __asm__ volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(count) : : "memory");
  return start;
}

void* memset(void* out, int byte, size_t count) {
  void* const start = out;
  __asm__ volatile("rep stosb" : "+D"(out), "+c"(count) : "a"(byte) : "memory");
  return start;
}

void* memmove(void* out, const void* in, size_t count) {
  if (static_cast<char*>(out) <= static_cast<const char*>(in) ||
      static_cast<char*>(out) >= static_cast<const char*>(in) + count) {
    return memcpy(out, in, count);
  }
  char* to = static_cast<char*>(out) + count;
  const char* from = static_cast<const char*>(in) + count;
  while (count-- != 0) *--to = *--from;
  return out;
}

int memcmp(const void* a, const void* b, size_t count) {
  const unsigned char* left = static_cast<const unsigned char*>(a);
  const unsigned char* right = static_cast<const unsigned char*>(b);
  for (; count != 0; --count, ++left, ++right) {
    if (*left != *right) return *left < *right ? -1 : 1;
  }
  return 0;
}

size_t strlen(const char* text) {
  const char* end = text;
  while (*end != 0) ++end;
  return static_cast<size_t>(end - text);
}

}  // extern "C"
