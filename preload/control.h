// control.h: the process's side of include/heapline/control_page.h. The page
// is made at start (O_EXCL|O_NOFOLLOW, 4096 bytes allocated before mapping,
// descriptor closed at once), refreshed on the slow path and at cuts, removed
// at exit. A forked copy maps private memory over it before anything else and
// makes one of its own.
#ifndef HEAPLINE_PRELOAD_CONTROL_H_
#define HEAPLINE_PRELOAD_CONTROL_H_

#include <stdint.h>

#include "heapline/control_page.h"

namespace heapline {

// Never NULL: private memory when control=0 or no page could be made.
HlControlPage* ControlPage();

void MakeControlPage();
void RemoveControlPage();
// First act of a forked copy: the parent's page must not be touched.
void DetachControlPage();

// Copies totals and state into the page.
void RefreshControlPage(uint64_t monotonic_ns);

// Carries out a request that the page holds, if it is new. Called by the
// reserved signal's handler (with its ucontext) and on the slow path (NULL).
void AnswerRequest(const void* leader_context);

// A snapshot file has its name. Called by whoever wrote it, as the replies.
void NoteSnapshotInPage(uint64_t pause_ns);

// How a snapshot of reason `request` ended. Called by whoever wrote the file:
// the page is shared with the writing child, so the child calls it itself; the
// process calls ReplyLost for a child that died.
void ReplyWritten(const char* path);
void ReplyLost(long error_number, const char* what);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CONTROL_H_
