// collector_debug.cc: what collections tell while set_debug asks for it: gc's
// own lines, or the same facts as JSON, an object a line.
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "samples/runtime/collector.h"
#include "samples/runtime/json.h"

namespace runtime {
namespace {

// printf into a string.
template <typename... Arguments>
std::string Text(const char* format, Arguments... arguments) {
  const int length = snprintf(nullptr, 0, format, arguments...);
  std::string text(static_cast<size_t>(length), '\0');
  snprintf(text.data(), text.size() + 1, format, arguments...);
  return text;
}

}  // namespace

void Collector::SetDebug(unsigned flags, DebugForm form) {
  debug_ = flags;
  debug_form_ = form;
}

void Collector::SetDebugOutput(std::function<void(const std::string&)> line) {
  debug_output_ = std::move(line);
}

void Collector::Tell(const std::string& line) const {
  if (debug_output_) {
    debug_output_(line);
  } else {
    fprintf(stderr, "%s\n", line.c_str());
  }
}

void Collector::TellStart(int generation) const {
  if ((debug_ & kDebugStats) == 0) return;
  Triple sizes;
  for (int of = 0; of < kGenerations; ++of) sizes[of] = generations_[of].size();
  const uint64_t permanent = permanent_.size();
  if (debug_form_ == DebugForm::kJsonLines) {
    Tell(
        Text("{\"event\": \"start\", \"generation\": %d, \"objects\": "
             "[%" PRIu64 ", %" PRIu64 ", %" PRIu64 "], "
             "\"permanent_objects\": %" PRIu64 "}",
             generation, sizes[0], sizes[1], sizes[2], permanent));
    return;
  }
  Tell(Text("gc: collecting generation %d...", generation));
  Tell(Text("gc: objects in each generation: %" PRIu64 " %" PRIu64 " %" PRIu64,
            sizes[0], sizes[1], sizes[2]));
  Tell(Text("gc: objects in permanent generation: %" PRIu64, permanent));
}

void Collector::TellObject(const char* what, const Container* object) const {
  if (debug_form_ == DebugForm::kJsonLines) {
    Tell(
        Text("{\"event\": \"%s\", \"type\": %s, \"address\": \"%p\", "
             "\"bytes\": %zu}",
             what, JsonText(object->TypeName()).c_str(),
             static_cast<const void*>(object), object->ShallowBytes()));
  } else {
    Tell(Text("gc: %s <%s %p>", what, object->TypeName(),
              static_cast<const void*>(object)));
  }
}

void Collector::TellEnd(const Collection& done) const {
  if ((debug_ & kDebugStats) == 0) return;
  const uint64_t unreachable = done.collected + done.uncollectable;
  if (debug_form_ == DebugForm::kJsonLines) {
    Tell(
        Text("{\"event\": \"done\", \"generation\": %d, "
             "\"unreachable\": %" PRIu64 ", \"uncollectable\": %" PRIu64
             ", \"resurrected\": %" PRIu64 ", \"pause_ns\": %" PRIu64 "}",
             done.generation, unreachable, done.uncollectable, done.resurrected,
             done.pause_ns));
    return;
  }
  Tell(Text("gc: done, %" PRIu64 " unreachable, %" PRIu64
            " uncollectable, %.4fs elapsed",
            unreachable, done.uncollectable,
            static_cast<double>(done.pause_ns) / 1e9));
}

}  // namespace runtime
