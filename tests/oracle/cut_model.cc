#include "tests/oracle/cut_model.h"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace heapline::oracle {
namespace {

// A node, a block or a record that belongs to none of the threads.
constexpr uint32_t kNobody = ~0u;

// A live block; a cut may count it twice where a thread's free of it is in
// doubt and its address has been given out again.
struct Key {
  uint64_t address;
  uint64_t bytes;
  uint32_t owner;
  bool operator==(const Key& other) const {
    return std::tie(address, bytes, owner) ==
           std::tie(other.address, other.bytes, other.owner);
  }
  template <typename H>
  friend H AbslHashValue(H h, const Key& key) {
    return H::combine(std::move(h), key.address, key.bytes, key.owner);
  }
};

std::string OwnerName(const OracleState& state, uint32_t owner) {
  return owner == kNobody ? "no thread of the oracle"
                          : state.journals[owner].name;
}

std::string Describe(const OracleState& state, const Key& key) {
  return absl::StrFormat("%#x of %d bytes by %s", key.address, key.bytes,
                         OwnerName(state, key.owner));
}

// What a snapshot says of each thread.
struct ThreadFacts {
  uint64_t allocations = 0;
  uint64_t allocated_bytes = 0;
  bool is_parked_late = false;
};

class CutModel {
 public:
  CutModel(const OracleState& state, const Background& background,
           const Snapshot& snapshot, CutKind kind)
      : state_(state),
        background_(background),
        snapshot_(snapshot),
        kind_(kind),
        facts_(state.threads) {}

  absl::StatusOr<Comparison> Compare() {
    FindOwners();
    ReadThreads();
    TakeWhatIsHeldNow();
    for (auto step : {&CutModel::CheckProperties, &CutModel::GoBackToCut,
                      &CutModel::MatchBlocks, &CutModel::ExplainTheRest}) {
      const absl::Status status = (this->*step)();
      if (!status.ok()) return status;
    }
    return result_;
  }

 private:
  bool HasOwners() const { return kind_ != CutKind::kAtPauseShortOfMemory; }

  absl::Status Difference(const std::string& what) const {
    return absl::DataLossError(absl::StrCat(snapshot_.file, ": ", what));
  }

  // The thread whose node is outermost above each node.
  void FindOwners() {
    absl::flat_hash_map<std::string, uint32_t> index_by_name;
    for (uint32_t i = 0; i < state_.threads; ++i) {
      index_by_name[state_.journals[i].name] = i;
    }
    owner_of_node_.assign(snapshot_.nodes.size(), kNobody);
    for (const NodeLabel& label : snapshot_.labels) {
      const auto found = index_by_name.find(label.name);
      if (found == index_by_name.end()) continue;
      owner_of_node_[Index(label.node)] = found->second;
    }
    for (size_t i = 1; i < owner_of_node_.size(); ++i) {
      if (owner_of_node_[i] != kNobody) continue;
      owner_of_node_[i] = owner_of_node_[Index(snapshot_.nodes.parent[i])];
    }
    for (const Thread& thread : snapshot_.threads) {
      const auto found = index_by_name.find(thread.name);
      if (found == index_by_name.end()) continue;
      facts_[found->second].is_parked_late =
          (thread.flags & HL_THREAD_PARKED_LATE) != 0;
    }
  }

  void ReadThreads() {
    for (size_t i = 0; i < owner_of_node_.size(); ++i) {
      if (owner_of_node_[i] == kNobody) continue;
      ThreadFacts& facts = facts_[owner_of_node_[i]];
      facts.allocations += snapshot_.counters.total_count[i];
      facts.allocated_bytes += snapshot_.counters.total_bytes[i];
    }
  }

  Key KeyOf(uint64_t address, uint64_t bytes, uint32_t owner) const {
    return {address, bytes, HasOwners() ? owner : kNobody};
  }

  void Count(const Block& block) {
    if (block.address == 0) return;
    ++held_[KeyOf(block.address, block.bytes, block.owner)];
  }

  void TakeWhatIsHeldNow() {
    for (uint32_t i = 0; i < state_.threads; ++i) {
      const ThreadJournal& journal = state_.journals[i];
      for (const Block& block : journal.slots) Count(block);
      const Queue& queue = journal.outgoing;
      for (uint32_t at = queue.popped; at != queue.pushed; ++at) {
        Count(queue.blocks[at % kQueue]);
      }
    }
  }

  // Sums that do not depend on any model of the cut.
  absl::Status CheckProperties() {
    if (!snapshot_.is_whole()) return Difference(snapshot_.damage.front());
    const std::string sums = CheckTotals(snapshot_);
    if (!sums.empty()) return Difference(sums);
    if (NumberOf(snapshot_, PropertyId::threads_not_stopped) != 0) {
      return Difference("not all threads were stopped");
    }
    if (HasOwners() && NumberOf(snapshot_, PropertyId::complete) != 1) {
      return Difference("it is not complete");
    }
    uint64_t count = background_.total_count;
    uint64_t bytes = background_.total_bytes;
    for (uint32_t i = 0; i < state_.threads; ++i) {
      const ThreadJournal& journal = state_.journals[i];
      const ThreadFacts& facts = facts_[i];
      const bool is_exact = kind_ == CutKind::kUnderLoad ||
                            (facts.allocations == journal.allocations &&
                             facts.allocated_bytes == journal.allocated_bytes);
      if (HasOwners() && !is_exact) {
        return Difference(absl::StrFormat(
            "%s: %d allocations of %d bytes, but it made %d of %d",
            journal.name, facts.allocations, facts.allocated_bytes,
            journal.allocations, journal.allocated_bytes));
      }
      count += HasOwners() ? facts.allocations : journal.allocations;
      bytes += HasOwners() ? facts.allocated_bytes : journal.allocated_bytes;
    }
    if (kind_ == CutKind::kAtPauseShortOfMemory &&
        NumberOf(snapshot_, PropertyId::dropped_blocks) != 0) {
      return absl::OkStatus();  // those are in no total
    }
    const uint64_t said = NumberOf(snapshot_, PropertyId::total_count);
    const uint64_t said_bytes = NumberOf(snapshot_, PropertyId::total_bytes);
    // One that is parked late may be counted in one place and not in another.
    const uint64_t late = LateThreads();
    if (said > count + late || said + late < count ||
        (late == 0 && said_bytes != bytes)) {
      return Difference(absl::StrFormat(
          "in all %d allocations of %d bytes, by thread %d of %d", said,
          said_bytes, count, bytes));
    }
    return absl::OkStatus();
  }

  uint64_t LateThreads() const {
    uint64_t late = 0;
    for (const ThreadFacts& facts : facts_) late += facts.is_parked_late;
    return late;
  }

  absl::Status GoBackToCut() {
    for (uint32_t i = 0; i < state_.threads; ++i) {
      const ThreadJournal& journal = state_.journals[i];
      result_.operations += journal.done;
      if (kind_ != CutKind::kUnderLoad) continue;
      const absl::Status status = TakeBack(i);
      if (!status.ok()) return status;
    }
    for (const auto& [key, count] : held_) {
      if (count < 0) {
        return Difference(absl::StrCat(
            "block ", Describe(state_, key),
            " was given back before the cut, but allocated after it"));
      }
    }
    return absl::OkStatus();
  }

  // Takes back what thread `index` did after its last counted allocation.
  absl::Status TakeBack(uint32_t index) {
    const ThreadJournal& journal = state_.journals[index];
    const ThreadFacts& facts = facts_[index];
    uint64_t allocations = journal.allocations;
    uint64_t bytes = journal.allocated_bytes;
    uint64_t at = journal.done;
    for (;; --at) {
      const Record* last = at == 0 ? nullptr : &journal.ring[(at - 1) % kRing];
      const bool is_cut = allocations == facts.allocations &&
                          (last == nullptr || last->new_address != 0);
      if (is_cut) break;
      if (at == 0 || at <= journal.window_begin ||
          allocations < facts.allocations) {
        // Frees, or requests refused, just before the window began.
        if (allocations == facts.allocations) break;
        return Difference(absl::StrFormat(
            "%s: %d allocations, which is not between the %d and %d "
            "operations before and after the cut (%d allocations then)",
            journal.name, facts.allocations, journal.window_begin,
            journal.window_end, journal.allocations));
      }
      if (last->new_address != 0) {
        --held_[KeyOf(last->new_address, last->new_bytes, index)];
        allocations -= 1;
        bytes -= last->new_bytes;
      }
      if (last->old_address != 0) {
        ++held_[KeyOf(last->old_address, last->old_bytes, last->old_owner)];
      }
    }
    if (at > journal.window_end) {
      return Difference(absl::StrFormat(
          "%s: %d allocations, more than it had begun after the cut",
          journal.name, facts.allocations));
    }
    if (bytes != facts.allocated_bytes &&
        !(facts.is_parked_late && IsHalfCounted(journal, at, bytes, facts))) {
      return Difference(absl::StrFormat(
          "%s: %d allocations of %d bytes, but these were %d", journal.name,
          facts.allocations, facts.allocated_bytes, bytes));
    }
    result_.operations -= journal.done - at;
    result_.operations_since += journal.done - at;
    NoteDoubts(index, at);
    return absl::OkStatus();
  }

  // Parked late, between a count and its bytes: those of operation at - 1, or
  // of the next allocation, whichever of the two is written first.
  static bool IsHalfCounted(const ThreadJournal& journal, uint64_t at,
                            uint64_t bytes, const ThreadFacts& facts) {
    if (at > 0 && facts.allocated_bytes +
                          journal.ring[(at - 1) % kRing].new_bytes ==
                      bytes) {
      return true;
    }
    while (at < journal.done && journal.ring[at % kRing].new_address == 0) ++at;
    return at < journal.done &&
           facts.allocated_bytes == bytes + journal.ring[at % kRing].new_bytes;
  }

  // What may have happened after the last counted allocation, operation `at`
  // and on: one free; and the next allocation where it was stopped in one.
  void NoteDoubts(uint32_t index, uint64_t at) {
    const ThreadJournal& journal = state_.journals[index];
    const bool is_late = facts_[index].is_parked_late;
    result_.in_flight += is_late;
    for (; at < journal.done; ++at) {
      const Record& record = journal.ring[at % kRing];
      if (record.new_address != 0 && !is_late) return;
      if (record.old_address != 0) {
        ++may_be_gone_[KeyOf(record.old_address, record.old_bytes,
                             record.old_owner)];
        result_.frees_in_doubt += record.new_address == 0;
      }
      if (record.new_address != 0) {
        may_be_there_[record.new_address] = record.new_bytes;
        return;
      }
    }
  }

  absl::Status MatchBlocks() {
    const BlockColumns& blocks = snapshot_.blocks;
    uint64_t background = 0;
    for (size_t i = 0; i < blocks.size(); ++i) {
      const uint32_t owner = owner_of_node_[Index(blocks.node[i])];
      const uint64_t bytes = blocks.requested_bytes[i];
      if (owner == kNobody) {
        const auto found = background_.bytes_by_address.find(blocks.address[i]);
        if (found != background_.bytes_by_address.end() &&
            found->second == bytes) {
          ++background;
          continue;
        }
      }
      const Key key = KeyOf(blocks.address[i], bytes, owner);
      const auto found = held_.find(key);
      if (found != held_.end() && found->second > 0) {
        --found->second;
        result_.blocks += 1;
        result_.bytes += bytes;
        continue;
      }
      const auto late = may_be_there_.find(key.address);
      if (late != may_be_there_.end() && late->second == bytes) continue;
      return Difference(absl::StrCat("block ", Describe(state_, key),
                                     " was not live at the cut; there was ",
                                     HeldAt(key.address),
                                     History(key.address)));
    }
    if (background != background_.bytes_by_address.size()) {
      return Difference(
          absl::StrFormat("%d blocks of the %d from before the first operation",
                          background, background_.bytes_by_address.size()));
    }
    return absl::OkStatus();
  }

  std::string HeldAt(uint64_t address) const {
    for (const auto& [key, count] : held_) {
      if (key.address == address && count > 0) return Describe(state_, key);
    }
    return "none";
  }

  // What the journals remember of an address, for whoever looks for the cause.
  std::string History(uint64_t address) const {
    std::string text;
    for (uint32_t i = 0; i < state_.threads; ++i) {
      const ThreadJournal& journal = state_.journals[i];
      const uint64_t done = journal.done;
      for (uint64_t at = done > kRing ? done - kRing : 0; at < done; ++at) {
        const Record& record = journal.ring[at % kRing];
        if (record.old_address != address && record.new_address != address) {
          continue;
        }
        absl::StrAppendFormat(
            &text, "\n  %s: operation %d (cut in [%d, %d]): %#x/%d to %#x/%d",
            journal.name, at, journal.window_begin, journal.window_end,
            record.old_address, record.old_bytes, record.new_address,
            record.new_bytes);
      }
    }
    return text;
  }

  // What the snapshot does not have must have been freed.
  absl::Status ExplainTheRest() {
    uint64_t allowed = kind_ == CutKind::kAtPauseShortOfMemory
                           ? NumberOf(snapshot_, PropertyId::dropped_blocks)
                           : 0;
    for (const auto& [key, count] : held_) {
      for (int64_t i = 0; i < count; ++i) {
        const auto found = may_be_gone_.find(key);
        if (found != may_be_gone_.end() && found->second > 0) {
          --found->second;
          ++result_.frees_done;
          continue;
        }
        if (allowed > 0) {
          --allowed;
          ++result_.missing;
          continue;
        }
        return Difference(absl::StrCat("block ", Describe(state_, key),
                                       " was live at the cut, and is not "
                                       "there",
                                       History(key.address)));
      }
    }
    return absl::OkStatus();
  }

  const OracleState& state_;
  const Background& background_;
  const Snapshot& snapshot_;
  const CutKind kind_;
  std::vector<ThreadFacts> facts_;
  std::vector<uint32_t> owner_of_node_;
  absl::flat_hash_map<Key, int64_t> held_;
  absl::flat_hash_map<Key, int64_t> may_be_gone_;
  absl::flat_hash_map<uint64_t, uint64_t> may_be_there_;
  Comparison result_;
};

}  // namespace

Background BackgroundOf(const Snapshot& snapshot) {
  Background background;
  for (size_t i = 0; i < snapshot.blocks.size(); ++i) {
    background.bytes_by_address[snapshot.blocks.address[i]] =
        snapshot.blocks.requested_bytes[i];
  }
  background.total_count = NumberOf(snapshot, PropertyId::total_count);
  background.total_bytes = NumberOf(snapshot, PropertyId::total_bytes);
  return background;
}

absl::StatusOr<Comparison> Compare(const OracleState& state,
                                   const Background& background,
                                   const Snapshot& snapshot, CutKind kind) {
  return CutModel(state, background, snapshot, kind).Compare();
}

}  // namespace heapline::oracle
