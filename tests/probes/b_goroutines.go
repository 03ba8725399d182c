// b_goroutines.go: eight goroutines that call C, which allocates, while Go's
// own scheduler moves them and signals their threads. The argument says how
// many calls each makes.
package main

// #include <stdlib.h>
// #include <string.h>
// static int work(int n) {
//   char* block = malloc(n + 1);
//   memset(block, 1, n + 1);
//   block = realloc(block, 2 * n + 1);
//   int result = block[n];
//   free(block);
//   return result;
// }
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

func main() {
	calls, _ := strconv.Atoi(os.Args[1])
	var group sync.WaitGroup
	sums := make([]int, 8)
	for i := range sums {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for j := 0; j < calls; j++ {
				sums[i] += int(C.work(C.int(j%5000 + i)))
				garbage := make([]byte, 1000)
				garbage[0] = 1
				if j%100 == 0 {
					runtime.Gosched()
				}
			}
		}(i)
	}
	group.Wait()
	total := 0
	for _, sum := range sums {
		total += sum
	}
	fmt.Println(total)
}
