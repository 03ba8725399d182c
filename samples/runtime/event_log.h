// event_log.h: the life of watched objects: born, each reference taken and
// given back with the statement that took it, finalized, freed; and at any time
// the table of who holds each count.
//
// A reference is known by its holder, the address of the Ref: a variable on the
// stack, or a field, in which case the object it lies in is named.
// Addresses stand as numbers with all bits turned: the log owns nothing.
//
// Invariant: HoldersOf(object).size() = references taken since Watch, less
// those given back. One thread only.
#ifndef SAMPLES_RUNTIME_EVENT_LOG_H_
#define SAMPLES_RUNTIME_EVENT_LOG_H_

#include <cstdint>
#include <cstdio>
#include <map>
#include <unordered_map>
#include <vector>

#include "samples/runtime/object.h"

namespace runtime {

struct Event {
  enum class What { kWatched, kIncRef, kDecRef, kMoved, kFinalized, kFreed };
  uint64_t number = 0;  // from 0, over all objects
  What what = What::kWatched;
  uintptr_t object = 0;  // ~address; it may be freed by now
  uintptr_t holder = 0;  // ~address, of kIncRef, kDecRef and kMoved
  Site site;                       // of the statement that took the reference
  uint32_t count = 0;              // after it
};

const char* EventName(Event::What what);

class EventLog {
 public:
  // From now on the object's events are logged. References taken before are
  // in its count, but have no holder here.
  void Watch(Object* object);

  const std::vector<Event>& events() const { return events_; }
  struct Holder {
    const void* holder = nullptr;  // the Ref
    Site site;
  };
  // In the order in which they were taken.
  std::vector<Holder> HoldersOf(const Object* object) const;

  // One JSON object a line: {"event", "what", "object", "holder", "file",
  // "line", "count"}; addresses as "0x…" texts. An error stays with the file.
  void WriteJsonLines(FILE* file) const;

 private:
  friend class Runtime;
  friend void LogIncRef(Object*, const void*, Site);
  friend void LogDecRef(Object*, const void*);
  friend void LogMove(Object*, const void*, const void*);
  void Add(Event::What what, const Object* object, const void* holder,
           Site site);
  void Forget(const Object* object);  // it was freed

  struct Taken {
    uint64_t number = 0;
    Site site;
  };
  std::vector<Event> events_;
  // ~address of the object -> ~address of the holder.
  std::unordered_map<uintptr_t, std::map<uintptr_t, Taken>> holders_;
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_EVENT_LOG_H_
