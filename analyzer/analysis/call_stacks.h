// call_stacks.h: symbolized call stacks of any number of snapshots in one
// table, so that the same stack in two of them is one StackId even where node
// ids, addresses or load order differ. A stack is its innermost frame and the
// stack of the rest; inlined frames count as frames. StackId 0 is the empty
// stack; a stack's parent has a smaller id.
//
//   snapshot A: node 7 ─┐
//                       ├─> StackId 12 ──frame──> FrameId 5 "Insert a.cc:34"
//   snapshot B: node 9 ─┘        └──parent──> StackId 4 ...
//
// The symbolizer owns the texts and must outlive the table. Not thread-safe
// while Add runs; immutable and thread-safe afterwards.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_CALL_STACKS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_CALL_STACKS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_set.h"
#include "absl/strings/string_view.h"
#include "analyzer/analysis/stack_frame.h"
#include "analyzer/snapshot/snapshot.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

enum class FrameId : uint32_t {};
constexpr uint32_t Index(FrameId id) { return static_cast<uint32_t>(id); }
enum class StackId : uint32_t {};
constexpr uint32_t Index(StackId id) { return static_cast<uint32_t>(id); }
inline constexpr StackId kEmptyStack{0};

class CallStacks {
 public:
  // `wrappers` are globs (stack_frame.h) of frames that hand out memory for
  // their callers, beside those of the site rules.
  explicit CallStacks(Symbolizer* symbolizer,
                      std::vector<std::string> wrappers = {});

  // The stack of each node of `snapshot` for which is_wanted, kEmptyStack for
  // others; index = NodeId. REQUIRES: is_wanted.size() == nodes.size().
  std::vector<StackId> Add(const Snapshot& snapshot,
                           const std::vector<bool>& is_wanted);
  // The stack of one special frame, `name` in angle brackets by custom.
  StackId AddSpecial(absl::string_view name);
  // The same stack without its thread's frame, and of frames that are written
  // alike the first one known: equal for stacks that read alike. May be empty.
  StackId CodeStack(StackId stack);

  size_t stack_count() const { return parent_.size(); }
  size_t frame_count() const { return frames_.size(); }
  StackId Parent(StackId stack) const { return parent_[Index(stack)]; }
  // REQUIRES: stack is not empty.
  FrameId Innermost(StackId stack) const { return frame_[Index(stack)]; }
  const StackFrame& Frame(FrameId id) const { return frames_[Index(id)]; }

  // The frame charged with the stack's blocks by the site rules; frames that
  // are not code are charged only where there is no code.
  // REQUIRES: stack is not empty.
  FrameId Site(StackId stack) const { return site_[Index(stack)]; }

  // Innermost first; thread frames left out unless there are no others.
  std::vector<FrameId> Frames(StackId stack) const;
  // Order of what WrittenFrame writes, frame by frame from the innermost.
  bool ReadsBefore(StackId a, StackId b) const;

 private:
  using FrameKey = std::tuple<const std::string*, const std::string*,
                              const std::string*, uint32_t, bool, FrameKind>;

  FrameId Intern(const SourceFrame& source, FrameKind kind);
  StackId Push(StackId parent, FrameId frame);
  const std::string* Text(absl::string_view text);
  SourceFrame ThreadFrame(const Snapshot& snapshot, const NodeLabel* label);
  // Whether `a` is a better site than `b`; equal ones: the inner one stays.
  bool IsBetterSite(FrameId a, FrameId b) const;
  const std::string& WrittenText(FrameId frame) const;

  Symbolizer* symbolizer_;
  std::vector<std::string> wrappers_;
  absl::node_hash_set<std::string> texts_;  // of frames made here
  absl::flat_hash_map<FrameKey, FrameId> frame_ids_;
  std::deque<StackFrame> frames_;            // index = FrameId, as the next two
  std::vector<const std::string*> written_;  // WrittenFrame, in texts_
  std::vector<FrameId> first_alike_;         // the first written like it
  absl::flat_hash_map<const std::string*, FrameId> by_written_;
  absl::flat_hash_map<uint64_t, StackId> stack_ids_;  // parent << 32 | frame
  std::vector<StackId> parent_;  // these three: index = StackId
  std::vector<FrameId> frame_;
  std::vector<FrameId> site_;
  std::vector<StackId> code_stack_;  // by StackId; kNotYet: not asked for
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_CALL_STACKS_H_
