// accumulation.cc: chapter 6 of the checklist, first part: memory that is
// reachable and grows, for a cache has no limit, a list is only appended to, a
// class keeps all its instances, or a long function keeps what it is done with.
#include <string>

#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "samples/runtime/lru_cache.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"

namespace demo {

using runtime::Bytes;
using runtime::Class;
using runtime::Dict;
using runtime::Int;
using runtime::List;
using runtime::LruCache;

struct Connection : runtime::DictInstance {
  using DictInstance::DictInstance;
};

// Who holds what grows.
Ref<Dict> page_cache;
Ref<LruCache> bounded_page_cache;
Ref<List> request_log;
Ref<Class> connection_class;

namespace {

constexpr int64_t kMostPages = 128;  // @lru_cache(maxsize=128)
constexpr size_t kPageBytes = 1024;

// ---- unbounded-cache, bounded-cache: article 2, error 3 --------------------

enum class Limit { kNone, kBounded };

void FetchPage(Stage& stage, Limit limit, Int* url) {
  const bool is_bounded = limit == Limit::kBounded;
  if (is_bounded ? bounded_page_cache->Get(url) != nullptr
                 : page_cache->Get(url) != nullptr) {
    return;
  }
  stage.NextLineGrows();
  const Ref<Bytes> page = Bytes::Zeroed(kPageBytes);
  if (is_bounded) {
    bounded_page_cache->Put(url, page);
  } else {
    page_cache->Set(url, page);
  }
}

__attribute__((noinline)) void FetchPages(Stage& stage, Limit limit,
                                          int64_t first, int64_t last) {
  for (int64_t url = first; url < last; ++url)
    FetchPage(stage, limit, Int::Make(url));
}

void RunUnboundedCache(Stage& stage) {
  const Limit limit = stage.is_broken() ? Limit::kNone : Limit::kBounded;
  page_cache = Dict::Make();
  bounded_page_cache = LruCache::Make(kMostPages);
  FetchPages(stage, limit, 0, kMostPages);
  stage.Cut("128 pages");
  FetchPages(stage, limit, kMostPages, 10 * kMostPages);
  const size_t cached =
      stage.is_broken() ? page_cache->size() : bounded_page_cache->size();
  stage.Print("1280 pages fetched: %zu cached", cached);
  if (stage.is_broken()) {
    stage.Keeps("page_cache", page_cache);
  } else {
    stage.Keeps("bounded_page_cache", bounded_page_cache);
  }
  stage.Cut("1280 pages");
  page_cache = nullptr;
  bounded_page_cache = nullptr;
}

// A cache that fills up looks like a leak until it is full.
void RunBoundedCache(Stage& stage) {
  bounded_page_cache = LruCache::Make(kMostPages);
  stage.Cut("empty");
  for (int64_t round = 0; round < 6; ++round) {
    const int64_t first = round * kMostPages / 2;
    FetchPages(stage, Limit::kBounded, first, first + kMostPages / 2);
    stage.Print("%3lld pages fetched: %s",
                static_cast<long long>(first + kMostPages / 2),
                bounded_page_cache->Info().c_str());
    stage.Cut("round " + std::to_string(round + 1));
  }
  bounded_page_cache = nullptr;
}

// ---- global-list: article 2, error 1 ---------------------------------------

constexpr int kRequests = 500;

__attribute__((noinline)) void ProcessRequests(Stage& stage) {
  for (int request = 0; request < kRequests; ++request) {
    stage.NextLineGrows();
    const Ref<Bytes> data = Bytes::Zeroed(10'000);  // generate_large_data()
    if (stage.is_broken()) request_log->Append(data);
  }  // fixed: each is used and gone, as a generator's are
}

void RunGlobalList(Stage& stage) {
  request_log = List::Make();
  stage.Cut("before");
  ProcessRequests(stage);
  stage.Print("%d requests processed: %zu kept", kRequests,
              request_log->size());
  stage.Keeps("request_log", request_log);
  stage.Cut("after");
  request_log = nullptr;
}

// ---- class-holder: article 3, references in classes ------------------------

__attribute__((noinline)) void Connect(Stage& stage) {
  for (int i = 0; i < 200; ++i) {
    const Ref<Connection> connection = connection_class->New<Connection>();
    stage.NextLineGrows();
    connection->SetAttribute("buffer", Bytes::Zeroed(2048));
    if (!stage.is_broken()) continue;
    Dict& attributes = connection_class->attributes();
    static_cast<List*>(attributes.Get("instances"))->Append(connection);
  }
}

void RunClassHolder(Stage& stage) {
  connection_class = Class::Make<Connection>("Connection");
  connection_class->attributes().Set("instances", List::Make());
  stage.Cut("before");
  Connect(stage);
  const Object* instances = connection_class->attributes().Get("instances");
  stage.Print("200 connections closed: Connection.instances lists %zu",
              static_cast<const List*>(instances)->size());
  stage.Keeps("Connection.instances", instances);
  stage.Cut("after");
  connection_class = nullptr;
}

// ---- forgotten-local: article 3, del ---------------------------------------

// A service's main loop: it never returns, so its locals never go.
__attribute__((noinline)) void Serve(Stage& stage) {
  stage.NextLineGrows();
  Ref<Bytes> start_up_table = Bytes::Zeroed(4 << 20);
  start_up_table->data()[0] = 1;  // read once, at the start
  if (!stage.is_broken()) start_up_table = nullptr;  // del start_up_table
  stage.Print("serving, with a table of %zu bytes that is not used any more",
              start_up_table != nullptr ? start_up_table->length() : 0);
  stage.Cut("serving");
}

void RunForgottenLocal(Stage& stage) {
  stage.Cut("before");
  Serve(stage);
}

}  // namespace

extern const Scenario kUnboundedCache{
    "unbounded-cache",
    "a cache without a limit, and lru_cache(maxsize=128)",
    {78, 79},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 3"},
    "demo::page_cache keeps every page ever fetched: give it a limit, as "
    "lru_cache(maxsize=128) does.",
    {},
    &RunUnboundedCache};

extern const Scenario kBoundedCache{
    "bounded-cache",
    "a cache with a limit fills up and is no leak",
    {79, 80},
    __FILE__,
    Symptom::kNone,
    {"diff --by line -n 3", "retained -n 3"},
    "Nothing leaks: demo::bounded_page_cache grows until it has 128 pages, and "
    "no further.",
    {},
    &RunBoundedCache};

extern const Scenario kGlobalList{
    "global-list",
    "a global list that every request appends to",
    {81, 82, 89},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 3"},
    "demo::request_log keeps the data of every request: hand the data on "
    "instead of listing it.",
    {},
    &RunGlobalList};

extern const Scenario kClassHolder{
    "class-holder",
    "a class that lists all its instances",
    {89},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 4"},
    "The class attribute Connection.instances holds every connection: list "
    "them weakly, or take them out when they close.",
    {},
    &RunClassHolder};

extern const Scenario kForgottenLocal{
    "forgotten-local",
    "a large local of a function that never returns",
    {90},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 4"},
    "The local variable start_up_table of demo::Serve holds 4 MiB that are "
    "not used any more: del it once it is done with.",
    {},
    &RunForgottenLocal};

}  // namespace demo
