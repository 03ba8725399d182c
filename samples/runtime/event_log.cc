// event_log.cc
#include "samples/runtime/event_log.h"

#include <algorithm>
#include <cinttypes>

#include "samples/runtime/disguise.h"
#include "samples/runtime/runtime.h"

namespace runtime {

const char* EventName(Event::What what) {
  switch (what) {
    case Event::What::kWatched:
      return "watched";
    case Event::What::kIncRef:
      return "incref";
    case Event::What::kDecRef:
      return "decref";
    case Event::What::kMoved:
      return "moved";
    case Event::What::kFinalized:
      return "finalized";
    case Event::What::kFreed:
      return "freed";
  }
  return "";
}

void EventLog::Watch(Object* object) {
  object->Set(kWatched);
  Add(Event::What::kWatched, object, nullptr, Site());
}

void EventLog::Add(Event::What what, const Object* object, const void* holder,
                   Site site) {
  Event event;
  event.number = events_.size();
  event.what = what;
  event.object = Disguised(object);
  event.holder = Disguised(holder);
  event.site = site;
  event.count = object->refcount();
  events_.push_back(event);
}

void EventLog::Forget(const Object* object) {
  Add(Event::What::kFreed, object, nullptr, Site());
  holders_.erase(Disguised(object));
}

std::vector<EventLog::Holder> EventLog::HoldersOf(const Object* object) const {
  std::vector<std::pair<uint64_t, Holder>> found;
  const auto row = holders_.find(Disguised(object));
  if (row != holders_.end()) {
    for (const auto& [holder, taken] : row->second)
      found.push_back(
          {taken.number, {Undisguised<const void>(holder), taken.site}});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Holder> holders;
  for (const auto& [number, holder] : found) holders.push_back(holder);
  return holders;
}

void EventLog::WriteJsonLines(FILE* file) const {
  for (const Event& event : events_) {
    fprintf(file,
            "{\"event\": %" PRIu64
            ", \"what\": \"%s\", \"object\": \"%p\", "
            "\"holder\": \"%p\", \"file\": \"%s\", \"line\": %d, "
            "\"count\": %u}\n",
            event.number, EventName(event.what),
            Undisguised<const void>(event.object),
            Undisguised<const void>(event.holder), event.site.file,
            event.site.line, event.count);
  }
}

void LogIncRef(Object* object, const void* holder, Site site) {
  EventLog& log = Runtime::Current().events();
  log.Add(Event::What::kIncRef, object, holder, site);
  log.holders_[Disguised(object)][Disguised(holder)] = {
      log.events_.back().number, site};
}

void LogDecRef(Object* object, const void* holder) {
  EventLog& log = Runtime::Current().events();
  auto& holders = log.holders_[Disguised(object)];
  const auto row = holders.find(Disguised(holder));
  const Site site = row != holders.end() ? row->second.site : Site();
  if (row != holders.end()) holders.erase(row);
  log.Add(Event::What::kDecRef, object, holder, site);
  // The event stands for what the count will be.
  --log.events_.back().count;
}

void LogMove(Object* object, const void* from, const void* to) {
  EventLog& log = Runtime::Current().events();
  auto& holders = log.holders_[Disguised(object)];
  Site site;  // none of a reference that was taken before Watch
  const auto row = holders.find(Disguised(from));
  if (row != holders.end()) {
    const EventLog::Taken taken = row->second;
    site = taken.site;
    holders.erase(row);
    holders[Disguised(to)] = taken;
  }
  log.Add(Event::What::kMoved, object, to, site);
}

}  // namespace runtime
