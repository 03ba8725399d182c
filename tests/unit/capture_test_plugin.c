/* A small library for the tests of modules; built twice, under two names. */
int heapline_test_plugin(int n);
int heapline_test_plugin(int n) {
  volatile char memory[64];
  memory[n & 63] = HEAPLINE_TEST_PLUGIN;
  return memory[0];
}
