// native_patterns.cc: chapter 6 of the checklist, third part: what programs do
// with the C library's memory beside any runtime: lost pointers, lost lists,
// blocks of threads; and churn and peaks, which are no leaks.
#include <cstddef>
#include <cstdio>
#include <thread>

#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/list.h"
#include "samples/runtime/text.h"

namespace demo {

using runtime::List;
using runtime::Str;

// A list of the C kind.
struct Link {
  Link* next;
  char payload[56];
};

// Where a thread puts its buffer, for its next call.
thread_local void* thread_buffer = nullptr;

namespace {

// ---- lost-pointer: malloc without free -------------------------------------

__attribute__((noinline)) void FormatMessages(Stage& stage) {
  for (int i = 0; i < 25; ++i) {
    stage.NextLineGrows();
    char* const text = static_cast<char*>(stage.ForeignBlock(120));
    snprintf(text, 120, "message %d", i);
    if (!stage.is_broken()) stage.FreeForeign(text);
  }  // broken: the only pointer goes here
}

void RunLostPointer(Stage& stage) {
  stage.Cut("before");
  FormatMessages(stage);
  stage.Print("25 messages formatted, %d freed", stage.is_broken() ? 0 : 25);
  stage.Cut("after");
}

// ---- lost-list: the head goes, and nine behind it --------------------------

constexpr int kLists = 20;
constexpr int kLinks = 10;

__attribute__((noinline)) void BuildAndLose(Stage& stage) {
  for (int list = 0; list < kLists; ++list) {
    Link* head = nullptr;
    for (int i = 0; i < kLinks; ++i) {
      Link* const link = static_cast<Link*>(stage.ForeignBlock(sizeof(Link)));
      link->next = head;
      stage.ForeignReference(link, offsetof(Link, next));
      head = link;
    }
    while (!stage.is_broken() && head != nullptr) {
      Link* const next = head->next;
      stage.FreeForeign(head);
      head = next;
    }
  }
}

void RunLostList(Stage& stage) {
  stage.Cut("before");
  BuildAndLose(stage);
  stage.Print("%d lists of %d made, %s", kLists, kLinks,
              stage.is_broken() ? "their heads lost" : "and freed");
  stage.Cut("after");
}

// ---- thread-pool: a buffer that outlives its thread ------------------------

void RunThreadPool(Stage& stage) {
  stage.Cut("before");
  void* buffers[8] = {};
  for (void*& buffer : buffers) {
    buffer = stage.ForeignBlock(32 * 1024);
    std::thread worker([buffer] { thread_buffer = buffer; });
    worker.join();
    if (!stage.is_broken()) stage.FreeForeign(buffer);
    buffer = nullptr;
  }
  stage.Print("8 threads have ended, %d of their buffers are freed",
              stage.is_broken() ? 0 : 8);
  stage.Cut("after");
}

// ---- string-concatenation: article 2, error 2 ------------------------------

constexpr int kChunks = 2000;

__attribute__((noinline)) size_t ConcatenateChunks(Stage& stage) {
  const Ref<Str> chunk = Str::Make("0123456789");
  if (!stage.is_broken()) return Str::Repeat("0123456789", kChunks)->length();
  Ref<Str> text = Str::Make("");
  for (int i = 0; i < kChunks; ++i) {
    stage.NextLineGrows();
    text = Str::Concat(*text, *chunk);  // s += chunk
  }
  return text->length();
}

void RunStringConcatenation(Stage& stage) {
  stage.Cut("before");
  const uint64_t before = stage.runtime().allocator().stats().total_blocks;
  const size_t length = ConcatenateChunks(stage);
  const uint64_t made =
      stage.runtime().allocator().stats().total_blocks - before;
  stage.Print("%zu characters by %s: %llu blocks", length,
              stage.is_broken() ? "s += chunk" : "\"\".join(chunks)",
              static_cast<unsigned long long>(made));
  stage.Number("blocks_made", made);
  stage.Cut("after");
}

// ---- whole-file: article 2, scenario 1 -------------------------------------

constexpr int kLines = 30'000;
constexpr size_t kLineLength = 200;

__attribute__((noinline)) size_t ProcessFile(Stage& stage) {
  size_t characters = 0;
  const Ref<List> lines = List::Make();  // file.readlines()
  for (int i = 0; i < kLines; ++i) {
    const Ref<Str> line = Str::Repeat("x", kLineLength);
    if (stage.is_broken()) {
      lines->Append(line);
    } else {
      characters += line->length();
    }
  }
  for (size_t i = 0; i < lines->size(); ++i) {
    characters +=
        static_cast<Str*>(lines->Get(static_cast<int64_t>(i)))->length();
  }
  return characters;
}

void RunWholeFile(Stage& stage) {
  stage.Cut("before");
  runtime::Allocator& allocator = stage.runtime().allocator();
  allocator.ResetPeak();
  const uint64_t before = allocator.stats().live_bytes;
  const size_t characters = ProcessFile(stage);
  const uint64_t peak = allocator.stats().peak_bytes - before;
  stage.Print("%zu characters processed, peak %s", characters,
              peak > characters ? "above the file's size" : "one line");
  stage.Number("peak_bytes", peak);
  stage.Cut("after");
}

}  // namespace

extern const Scenario kLostPointer{
    "lost-pointer",
    "malloc without free",
    {95},
    __FILE__,
    Symptom::kDirectLeak,
    {"leaks -n 3"},
    "Nobody points to the texts of demo::FormatMessages any more: free each "
    "when it is printed.",
    {},
    &RunLostPointer};

extern const Scenario kLostList{
    "lost-list",
    "linked lists whose heads are lost",
    {96},
    __FILE__,
    Symptom::kDirectLeak,
    {"leaks -n 3"},
    "20 heads are leaked directly and take 9 links each along: free a list "
    "from its head before the last pointer to it goes.",
    {},
    &RunLostList};

extern const Scenario kThreadPool{
    "thread-pool",
    "buffers of threads that have ended",
    {94},
    __FILE__,
    Symptom::kDirectLeak,
    {"leaks -n 3"},
    "Each thread left its buffer in thread-local storage and ended: free it "
    "at the thread's end.",
    {},
    &RunThreadPool};

extern const Scenario kStringConcatenation{
    "string-concatenation",
    "s += chunk copies all of s each time",
    {91},
    __FILE__,
    Symptom::kChurn,
    {"top --by line --sort total -n 3"},
    "Nothing leaks, but each s += chunk makes a new string and drops the old "
    "one: join the chunks once.",
    {},
    &RunStringConcatenation};

extern const Scenario kWholeFile{
    "whole-file",
    "a whole file in a list, and line by line",
    {92},
    __FILE__,
    Symptom::kPeak,
    {"info", "top --by line --sort total -n 3"},
    "Nothing leaks, but the peak is the whole file: read it line by line.",
    {},
    &RunWholeFile};

}  // namespace demo
