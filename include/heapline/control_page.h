/* control_page.h: the page through which `heapline status`, `snapshot`,
 * `start`, `stop` and `reset-peak` talk to a traced process. A file of
 * HL_CONTROL_PAGE_BYTES in the owner's run-time directory, named
 * "<pid>.<start time in clock ticks>", mapped shared by both sides; the
 * process writes the first half, the command the `request` part. No path ever
 * comes from the command: a snapshot goes into the process's own `out`.
 *
 * Concurrency: each field is written by one side only, by relaxed atomic
 * stores; request_number is stored last (release) and answered by
 * reply_number. One command at a time holds the page by flock of the file.
 * The process treats every value it reads here as hostile. */
#ifndef HEAPLINE_CONTROL_PAGE_H_
#define HEAPLINE_CONTROL_PAGE_H_

#include <stdint.h>

#include "heapline/snapshot_format.h"

#define HL_CONTROL_MAGIC UINT64_C(0x31656e696c706168) /* "hapline1" */
#define HL_CONTROL_PAGE_BYTES 4096
/* $XDG_RUNTIME_DIR/heapline, else /tmp/heapline-UID; mode 0700, own uid. */
#define HL_CONTROL_DIRECTORY_RUNTIME "heapline"
#define HL_CONTROL_DIRECTORY_TMP "/tmp/heapline-%u"

/* What travels in si_value of the reserved signal: this magic in the upper 32
 * bits; in the lower, bits 0-15 are 1 + the number of the system call in which
 * the command saw the addressed thread (0: it was in none). */
#define HL_SIGNAL_MAGIC UINT32_C(0x686c5347)

enum HlControlState {
  HL_STATE_STARTING = 0,
  HL_STATE_TRACING = 1,
  HL_STATE_FORWARDING = 2, /* start=0 or after `stop` */
  HL_STATE_ENDED = 3
};

enum HlCommand {
  HL_COMMAND_NONE = 0,
  HL_COMMAND_SNAPSHOT = 1,
  HL_COMMAND_START = 2,
  HL_COMMAND_STOP = 3,
  HL_COMMAND_RESET_PEAK = 4
};

enum { HL_REQUEST_NO_GRAPH = 1 };

enum HlReply {
  HL_REPLY_NONE = 0,
  HL_REPLY_WORKING = 1, /* the cut is made, the file is being written */
  HL_REPLY_DONE = 2,
  HL_REPLY_FAILED = 3   /* reply_errno and reply_text say why */
};

struct HlControlPage {
  /* Written by the process, once. */
  uint64_t magic;
  uint32_t version; /* 1 */
  uint32_t pid;     /* in the process's own pid namespace */
  uint64_t start_ticks;
  uint32_t reserved_signal; /* 0: not to be sent; the request waits for the
                               process's next look on its allocation path */
  uint32_t format_version;
  char program[64];  /* cut, NUL-terminated */
  char shim_version[32];
  uint64_t pid_namespace; /* inode of /proc/self/ns/pid: `pid` means nothing
                             in another one */

  /* Written by the process as it runs; batched, see peak_error_bytes. */
  uint64_t state;
  uint64_t live_bytes;
  uint64_t live_count;
  uint64_t peak_bytes;
  uint64_t peak_error_bytes;
  uint64_t total_bytes;
  uint64_t total_count;
  uint64_t tracer_bytes;
  uint64_t threads;
  uint64_t nodes;
  uint64_t snapshots;
  uint64_t lost_snapshots;
  uint64_t dropped_blocks;
  uint64_t last_pause_us;
  uint64_t updated_ns; /* CLOCK_MONOTONIC of the last update */

  uint64_t reply_number; /* request_number it answers; stored last */
  uint32_t reply;        /* HlReply */
  int32_t reply_errno;
  char reply_path[HL_MAX_PATH_BYTES / 4]; /* file written, as the process
                                             names it; NUL-terminated */
  char reply_text[256];

  /* Written by the command. */
  uint64_t request_number; /* stored last; a new value is a new request */
  uint32_t command;        /* HlCommand */
  uint32_t request_flags;
  char label[HL_MAX_LABEL_BYTES]; /* not NUL-terminated when full */
};

#ifdef __cplusplus
static_assert(sizeof(HlControlPage) <= HL_CONTROL_PAGE_BYTES, "one page");
#endif

#endif /* HEAPLINE_CONTROL_PAGE_H_ */
