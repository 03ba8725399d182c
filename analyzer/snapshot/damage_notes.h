// damage_notes.h: what is wrong with a file's records, counted as it is met, so
// that a million bad records make one sentence. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_DAMAGE_NOTES_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_DAMAGE_NOTES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heapline {

class DamageNotes {
 public:
  // `times` more of `what`, a literal with a %d that becomes the count.
  void Add(absl::string_view what, uint64_t times = 1) {
    counts_[what] += times;
  }

  // One sentence each, in the order of their words.
  void AppendTo(std::vector<std::string>* damage) const {
    for (const auto& [what, count] : counts_) {
      std::string sentence(what);
      sentence.replace(sentence.find("%d"), 2, absl::StrCat(count));
      damage->push_back(std::move(sentence));
    }
  }

 private:
  absl::btree_map<absl::string_view, uint64_t> counts_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_DAMAGE_NOTES_H_
