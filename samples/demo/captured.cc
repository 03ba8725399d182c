// captured.cc: chapter 6 of the checklist, second part: objects that are held
// by something nobody thinks of as a holder: a closure's cell, a saved error's
// frame, a C extension's buffer.
#include <cinttypes>

#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/frame.h"
#include "samples/runtime/function.h"
#include "samples/runtime/list.h"
#include "samples/runtime/native_block.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"

namespace demo {

using runtime::Bytes;
using runtime::Cell;
using runtime::Class;
using runtime::Error;
using runtime::FrameScope;
using runtime::Function;
using runtime::Int;
using runtime::List;
using runtime::NativeBlock;

struct Session : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  runtime::Slot handle, user;
};

// Who holds them.
Ref<List> deferred_calls;
Ref<List> error_history;

namespace {

// ---- closures: article 1 ---------------------------------------------------

constexpr int kRequests = 200;
constexpr size_t kBodyBytes = 8192;

// Its closure: what it prints.
Ref<Object> ReportLength(Function& self, Ref<Object>) {
  return self.Captured(0).Get();
}

__attribute__((noinline)) void HandleRequests(Stage& stage) {
  for (int request = 0; request < kRequests; ++request) {
    stage.NextLineGrows();
    const Ref<Bytes> body = Bytes::Zeroed(kBodyBytes);
    // The inner function needs the length. Broken, it captures the body.
    const Ref<Int> length = Int::Make(static_cast<int64_t>(body->length()));
    const Ref<Cell> captured =
        stage.is_broken() ? Cell::Make(body) : Cell::Make(length);
    deferred_calls->Append(
        Function::Make("report_length", ReportLength, {captured}));
  }
}

void RunClosures(Stage& stage) {
  deferred_calls = List::Make();
  const runtime::AllocatorStats& stats = stage.runtime().allocator().stats();
  const uint64_t before = stats.live_bytes;
  stage.Cut("before");
  HandleRequests(stage);
  stage.Print("%zu calls deferred, for the lengths of %d bodies: %" PRIu64
              " bytes",
              deferred_calls->size(), kRequests, stats.live_bytes - before);
  stage.Keeps("deferred_calls", deferred_calls);
  stage.Cut("after");
  deferred_calls = nullptr;
}

// ---- saved-error: an error keeps its frames --------------------------------

void Parse(Stage& stage) {
  const FrameScope scope("parse");
  stage.NextLineGrows();
  const Ref<Bytes> document = Bytes::Zeroed(100'000);
  scope.locals().Set("document", document);
  throw runtime::ValueError("no closing bracket");
}

__attribute__((noinline)) void ParseAll(Stage& stage) {
  for (int document = 0; document < 50; ++document) {
    try {
      Parse(stage);
    } catch (const runtime::Exception& thrown) {
      const Ref<Error> error = Error::Make(thrown);
      if (!stage.is_broken()) error->DropTraceback();
      error_history->Append(error);
    }
  }
}

void RunSavedError(Stage& stage) {
  error_history = List::Make();
  stage.Cut("before");
  ParseAll(stage);
  stage.Print("%zu errors saved; the last one says:", error_history->size());
  const auto* last = static_cast<const Error*>(error_history->Get(-1));
  stage.Print("%s", last->Format().c_str());
  stage.Keeps("error_history", error_history);
  stage.Cut("after");
  error_history = nullptr;
}

// ---- foreign-block: article 1, C extension objects -------------------------

__attribute__((noinline)) void OpenSessions(Stage& stage,
                                            Class* session_class) {
  for (int i = 0; i < 40; ++i) {
    const Ref<Session> session = session_class->New<Session>();
    const Ref<NativeBlock> handle = NativeBlock::Make(256);
    session->handle = handle;
    session->user = Int::Make(1000 + i);
    // The extension remembers whose it is, and tells the collector nothing.
    handle->Hide(session);
    if (!stage.is_broken()) handle->Hide(nullptr);  // session.close()
  }
}

void RunForeignBlock(Stage& stage) {
  const Ref<Class> session_class =
      Class::Make<Session>("Session", {{{"handle", "user"}}, {}, {}});
  stage.Cut("before");
  OpenSessions(stage, session_class);
  const runtime::Collection done = stage.runtime().collector().Collect();
  stage.Print("gc.collect() finds %zu unreachable; %zu of 40 sessions live",
              static_cast<size_t>(done.unreachable),
              stage.runtime().CountLive<Session>());
  stage.Cut("after");
}

}  // namespace

extern const Scenario kClosures{
    "closures",
    "inner functions that capture more than they need",
    {85},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 3"},
    "Each function in demo::deferred_calls captures a whole request body: let "
    "it capture the length, which is all it uses.",
    {},
    &RunClosures};

extern const Scenario kSavedError{
    "saved-error",
    "errors that are kept keep the locals of their frames",
    {93},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 3"},
    "The errors in demo::error_history hold their frames, and these every "
    "local: drop the traceback (error.__traceback__ = None) or keep the text.",
    {},
    &RunSavedError};

extern const Scenario kForeignBlock{
    "foreign-block",
    "a C extension's buffer through which no collector can see",
    {88},
    __FILE__,
    Symptom::kCycle,
    {"cycles -n 2", "leaks -n 4"},
    "Each session and its handle hold each other through a native buffer that "
    "the collector cannot traverse: close the handle, or hold the session "
    "weakly there.",
    {},
    &RunForeignBlock};

}  // namespace demo
