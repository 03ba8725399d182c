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

  // `type` is "" where the amounts are of no known type.
  void Add(StackId stack, const std::string& type, const Amounts& older,
           const Amounts& newer) {
    if (older.is_zero() && newer.is_zero()) return;
    if (!Passes(stack)) {
      result_.filtered_out += newer;
      return;
    }
    result_.newer += newer;
    result_.growth += newer - older;
    if (!type.empty()) {
      const KeyId key = groups_.KeyOfType(type);
      result_.row_of_type[{stack, type}] = Index(key);
      AddToKey(key, stack, older, newer);
      return;
    }
    if (options_.counting == Counting::kExclusive) {
      const KeyId key = groups_.KeyOf(stack);
      if (result_.row_of_stack.size() <= Index(stack)) {
        result_.row_of_stack.resize(Index(stack) + size_t{1}, HeapRows::kNoRow);
      }
      result_.row_of_stack[Index(stack)] = Index(key);
      AddToKey(key, stack, older, newer);
      return;
    }
    for (const KeyId key : groups_.KeysAnywhere(stack)) {
      AddToKey(key, stack, older, newer);
    }
  }

  HeapRows Take() {
    for (size_t key = 0; key < result_.rows.size(); ++key) {
      result_.rows[key].id = KeyId(key);
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
              HeapRows* rows) {
  std::vector<HeapRow>& all = rows->rows;
  std::vector<std::string> keys;
  for (const HeapRow& row : all) keys.push_back(row.key.Full());
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (values[a] != values[b]) return values[a] > values[b];
    const int by_key = keys[a].compare(keys[b]);
    if (by_key != 0) return by_key < 0;
    return stacks.ReadsBefore(all[a].key_stack, all[b].key_stack);
  });
  std::vector<HeapRow> sorted;
  sorted.reserve(all.size());
  std::vector<uint32_t> place_of(all.size());
  for (const size_t index : order) {
    place_of[index] = static_cast<uint32_t>(sorted.size());
    sorted.push_back(std::move(all[index]));
  }
  all = std::move(sorted);
  for (uint32_t& row : rows->row_of_stack) {
    if (row != HeapRows::kNoRow) row = place_of[row];
  }
  for (auto& [stack_and_type, row] : rows->row_of_type) row = place_of[row];
}

HeapRows BuildRows(const HeapByStack& older, const HeapByStack& newer,
                   Weight weight, CallStacks* stacks,
                   const HeapRowOptions& options) {
  RowBuilder builder(stacks, options, weight);
  const auto at = [](const HeapByStack& heap, size_t stack) {
    return stack < heap.by_stack.size() ? heap.by_stack[stack] : Amounts{};
  };
  const size_t end = std::max(older.by_stack.size(), newer.by_stack.size());
  for (size_t stack = 1; stack < end; ++stack) {
    builder.Add(StackId(stack), "", at(older, stack), at(newer, stack));
  }
  for (const auto& [stack_and_type, after] : newer.by_type) {
    const auto before = older.by_type.find(stack_and_type);
    builder.Add(stack_and_type.first, stack_and_type.second,
                before == older.by_type.end() ? Amounts{} : before->second,
                after);
  }
  for (const auto& [stack_and_type, before] : older.by_type) {
    if (newer.by_type.contains(stack_and_type)) continue;
    builder.Add(stack_and_type.first, stack_and_type.second, before, {});
  }
  return builder.Take();
}

}  // namespace heapline
