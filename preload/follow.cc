#include "preload/follow.h"

#include "preload/message.h"
#include "preload/proc_files.h"
#include "preload/process_facts.h"
#include "preload/sys.h"
#include "preload/text_builder.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

char line_buffer[8192];

const char* LastPart(const char* path) {
  const char* part = path;
  for (const char* at = path; *at != '\0'; ++at) {
    if (*at == '/') part = at + 1;
  }
  return part;
}

bool ListMatches(const char* list) {
  const char* invoked_as = LastPart(process_facts.invoked_as);
  while (*list != '\0') {
    size_t length = 0;
    while (list[length] != '\0' && list[length] != ',') ++length;
    if (GlobMatches(list, length, process_facts.program) ||
        GlobMatches(list, length, invoked_as)) {
      return true;
    }
    list += length;
    if (*list == ',') ++list;
  }
  return false;
}

bool ParentIsWrapped() {
  char path[64];
  TextBuilder text(path, sizeof path);
  text.Text("/proc/");
  text.Number(static_cast<uint64_t>(sys::Call(SYS_getppid))).Text("/maps");
  LineReader maps(path, line_buffer, sizeof line_buffer);
  while (const char* line = maps.Next()) {
    if (Equal(LastPart(line), "libheapline.so")) return true;
  }
  return false;
}

}  // namespace

bool FollowsThisProgram() {
  const char* follow = tracer.options.follow;
  if (Equal(follow, "all") || Equal(follow, "exec")) return true;
  if (!Equal(follow, "none") && ListMatches(follow)) return true;
  return !ParentIsWrapped();
}

bool FollowsForkedCopy() {
  const char* follow = tracer.options.follow;
  if (Equal(follow, "all")) return true;
  if (Equal(follow, "exec") || Equal(follow, "none")) return false;
  return ListMatches(follow);
}

}  // namespace heapline
