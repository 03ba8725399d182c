/* a_hello_i386.c: a 32-bit program that can be linked without a 32-bit
 * compiler's start files: no header, no main. */
extern int puts(const char* text);
extern void* malloc(unsigned bytes);
extern void exit(int status) __attribute__((noreturn));

__attribute__((force_align_arg_pointer)) void _start(void) {
  puts(malloc(100) ? "hello" : "no memory");
  exit(9);
}
