#include "analyzer/analysis/row_builder.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

namespace heapline {
namespace {

class RowBuilder {
 public:
  RowBuilder(CallStacks* stacks, const HeapRowOptions& options, Weight weight)
      : stacks_(stacks),
        groups_(stacks, options.key, options.attribution),
        filter_(stacks, options.filter),
        options_(options),
        weight_(weight) {}

  void Add(StackId stack, const Amounts& older, const Amounts& newer) {
    if (!Passes(stack)) {
      result_.filtered_out += newer;
      return;
    }
    result_.newer += newer;
    result_.growth += newer - older;
    if (options_.counting == Counting::kExclusive) {
      AddToKey(groups_.KeyOf(stack), stack, older, newer);
      return;
    }
    for (const KeyId key : groups_.KeysAnywhere(stack)) {
      AddToKey(key, stack, older, newer);
    }
  }

  HeapRows Take() {
    for (size_t key = 0; key < result_.rows.size(); ++key) {
      result_.rows[key].key = groups_.Text(KeyId(key));
      result_.rows[key].key_stack = groups_.KeyStack(KeyId(key));
    }
    return std::move(result_);
  }

 private:
  bool Passes(StackId stack) {
    if (options_.filter.is_empty()) return true;
    const bool is_whole_stack = options_.key == Key::kStack ||
                                options_.counting == Counting::kCumulative;
    return is_whole_stack ? filter_.PassesStack(stack)
                          : filter_.PassesFrame(groups_.ChargedFrame(stack));
  }

  void AddToKey(KeyId key, StackId stack, const Amounts& older,
                const Amounts& newer) {
    if (Index(key) >= result_.rows.size()) {
      result_.rows.resize(Index(key) + 1);
      heaviest_.resize(Index(key) + 1);
    }
    HeapRow& row = result_.rows[Index(key)];
    row.newer += newer;
    row.growth += newer - older;
    // The first stack stands until one is heavier: ties are deterministic.
    const uint64_t weight =
        weight_ == Weight::kLiveBytes
            ? Magnitude(newer.live_bytes)
            : Magnitude(newer.live_bytes - older.live_bytes);
    if (row.heaviest_stack == kEmptyStack || weight > heaviest_[Index(key)]) {
      row.heaviest_stack = stack;
      heaviest_[Index(key)] = weight;
    }
  }

  CallStacks* stacks_;
  Groups groups_;
  FrameFilter filter_;
  const HeapRowOptions& options_;
  Weight weight_;
  HeapRows result_;                 // rows by KeyId
  std::vector<uint64_t> heaviest_;  // by KeyId: weight of heaviest_stack
};

}  // namespace

uint64_t Magnitude(int64_t value) {
  return value < 0 ? -static_cast<uint64_t>(value)
                   : static_cast<uint64_t>(value);
}

void SortRows(const std::vector<int64_t>& values, const CallStacks& stacks,
              std::vector<HeapRow>* rows) {
  std::vector<std::string> keys;
  for (const HeapRow& row : *rows) keys.push_back(row.key.Full());
  std::vector<size_t> order(rows->size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (values[a] != values[b]) return values[a] > values[b];
    const int by_key = keys[a].compare(keys[b]);
    if (by_key != 0) return by_key < 0;
    return stacks.ReadsBefore((*rows)[a].key_stack, (*rows)[b].key_stack);
  });
  std::vector<HeapRow> sorted;
  sorted.reserve(rows->size());
  for (const size_t index : order) {
    sorted.push_back(std::move((*rows)[index]));
  }
  *rows = std::move(sorted);
}

HeapRows BuildRows(absl::Span<const Amounts> older,
                   absl::Span<const Amounts> newer, Weight weight,
                   CallStacks* stacks, const HeapRowOptions& options) {
  RowBuilder builder(stacks, options, weight);
  const size_t end = std::max(older.size(), newer.size());
  for (size_t stack = 1; stack < end; ++stack) {
    const Amounts before = stack < older.size() ? older[stack] : Amounts{};
    const Amounts after = stack < newer.size() ? newer[stack] : Amounts{};
    if (before.is_zero() && after.is_zero()) continue;
    builder.Add(StackId(stack), before, after);
  }
  return builder.Take();
}

}  // namespace heapline
