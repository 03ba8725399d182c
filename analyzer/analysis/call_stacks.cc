#include "analyzer/analysis/call_stacks.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/base_name.h"

namespace heapline {
namespace {

constexpr StackId kNotYet{0xffffffff};

FrameKind KindOf(const Snapshot& snapshot, NodeId node) {
  switch (snapshot.nodes.kind[Index(node)]) {
    case HL_NODE_THREAD:
      return FrameKind::kThread;
    case HL_NODE_SCOPE:
      return FrameKind::kScope;
    case HL_NODE_SPECIAL:
      return FrameKind::kSpecial;
    default:
      return FrameKind::kCode;
  }
}

// "libfoo.so+0x1234", as the symbolizer names code that it knows nothing of;
// "" where no module holds the address.
std::string ModuleAndOffset(const Snapshot& snapshot, uint64_t address) {
  for (const Module& module : snapshot.modules) {
    if (address < module.start || address >= module.end) continue;
    return absl::StrCat(
        BaseName(module.path), "+0x",
        absl::Hex(address - static_cast<uint64_t>(module.load_bias)));
  }
  return "";
}

// The wanted nodes and their ancestors without the root, ascending.
std::vector<NodeId> WithAncestors(const Snapshot& snapshot,
                                  const std::vector<bool>& is_wanted) {
  std::vector<bool> is_needed = is_wanted;
  for (size_t node = is_needed.size(); node-- > 1;) {
    if (is_needed[node]) is_needed[Index(snapshot.nodes.parent[node])] = true;
  }
  std::vector<NodeId> nodes;
  for (size_t node = 1; node < is_needed.size(); ++node) {
    if (is_needed[node]) nodes.push_back(NodeId(node));
  }
  return nodes;
}

}  // namespace

CallStacks::CallStacks(Symbolizer* symbolizer,
                       std::vector<std::string> wrappers)
    : symbolizer_(symbolizer),
      wrappers_(std::move(wrappers)),
      parent_(1, kEmptyStack),
      frame_(1, FrameId{}),
      site_(1, FrameId{}) {}

const std::string* CallStacks::Text(absl::string_view text) {
  return &*texts_.emplace(text).first;
}

FrameId CallStacks::Intern(const SourceFrame& source, FrameKind kind) {
  const FrameKey key(source.function, source.file, source.module, source.line,
                     source.is_inlined, kind);
  const auto [row, is_new] =
      frame_ids_.try_emplace(key, FrameId(frames_.size()));
  if (is_new) {
    StackFrame frame;
    frame.source = source;
    frame.kind = kind;
    if (kind == FrameKind::kCode) {
      frame.site_kind =
          MatchesAny(wrappers_, source)
              ? SiteKind::kWrapper
              : SiteKindOf(*source.function, *source.file, *source.module);
    }
    frames_.push_back(frame);
    written_.push_back(Text(WrittenFrame(frame).Full()));
    first_alike_.push_back(
        by_written_.try_emplace(written_.back(), row->second).first->second);
  }
  return row->second;
}

bool CallStacks::IsBetterSite(FrameId a, FrameId b) const {
  const auto rank = [](const StackFrame& frame) {
    switch (frame.kind) {
      case FrameKind::kThread:
        return -3;
      case FrameKind::kScope:
        return -2;
      case FrameKind::kSpecial:
        return -1;
      case FrameKind::kCode:
        break;
    }
    return static_cast<int>(frame.site_kind);
  };
  return rank(Frame(a)) > rank(Frame(b));
}

StackId CallStacks::Push(StackId parent, FrameId frame) {
  const uint64_t key = uint64_t{Index(parent)} << 32 | Index(frame);
  const auto [row, is_new] =
      stack_ids_.try_emplace(key, StackId(parent_.size()));
  if (is_new) {
    const bool keeps_parents_site =
        parent != kEmptyStack && IsBetterSite(Site(parent), frame);
    site_.push_back(keeps_parents_site ? Site(parent) : frame);
    parent_.push_back(parent);
    frame_.push_back(frame);
  }
  return row->second;
}

SourceFrame CallStacks::ThreadFrame(const Snapshot& snapshot,
                                    const NodeLabel* label) {
  std::string start;
  if (label != nullptr && label->address != 0) {
    start = symbolizer_->FunctionAt(snapshot, label->address);
    if (start.empty()) start = ModuleAndOffset(snapshot, label->address);
  }
  const std::string name = label == nullptr ? "" : label->name;
  std::string text = start;
  if (text.empty()) {
    text = name.empty() ? "unknown" : name;
  } else if (!name.empty()) {
    absl::StrAppend(&text, " (", name, ")");
  }
  SourceFrame frame;
  frame.function = Text(absl::StrCat("<thread ", text, ">"));
  frame.file = Text("");
  frame.module = Text("");
  return frame;
}

std::vector<StackId> CallStacks::Add(const Snapshot& snapshot,
                                     const std::vector<bool>& is_wanted) {
  const std::vector<NodeId> nodes = WithAncestors(snapshot, is_wanted);
  const std::vector<std::vector<SourceFrame>> frames =
      symbolizer_->Symbolize(snapshot, nodes);
  absl::flat_hash_map<uint32_t, const NodeLabel*> labels;
  for (const NodeLabel& label : snapshot.labels) {
    labels[Index(label.node)] = &label;
  }
  std::vector<StackId> stacks(snapshot.nodes.size(), kEmptyStack);
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodeId node = nodes[i];
    const FrameKind kind = KindOf(snapshot, node);
    StackId stack = stacks[Index(snapshot.nodes.parent[Index(node)])];
    if (kind == FrameKind::kThread) {
      const auto label = labels.find(Index(node));
      stack = Push(stack, Intern(ThreadFrame(snapshot, label == labels.end()
                                                           ? nullptr
                                                           : label->second),
                                 kind));
    } else {
      for (size_t k = frames[i].size(); k-- > 0;) {  // outermost first
        stack = Push(stack, Intern(frames[i][k], kind));
      }
    }
    stacks[Index(node)] = stack;
  }
  return stacks;
}

StackId CallStacks::AddSpecial(absl::string_view name) {
  SourceFrame frame;
  frame.function = Text(name);
  frame.file = Text("");
  frame.module = Text("");
  return Push(kEmptyStack, Intern(frame, FrameKind::kSpecial));
}

StackId CallStacks::CodeStack(StackId stack) {
  code_stack_.resize(std::max(code_stack_.size(), parent_.size()), kNotYet);
  code_stack_[0] = kEmptyStack;
  std::vector<StackId> unknown;  // inner before outer
  while (code_stack_[Index(stack)] == kNotYet) {
    unknown.push_back(stack);
    stack = Parent(stack);
  }
  StackId result = code_stack_[Index(stack)];
  for (size_t i = unknown.size(); i-- > 0;) {
    const FrameId frame = Innermost(unknown[i]);
    if (Frame(frame).kind != FrameKind::kThread) {
      result = Push(result, first_alike_[Index(frame)]);
    }
    code_stack_[Index(unknown[i])] = result;
  }
  return result;
}

std::vector<FrameId> CallStacks::Frames(StackId stack) const {
  std::vector<FrameId> frames;
  FrameId thread{};
  bool has_thread = false;
  for (; stack != kEmptyStack; stack = Parent(stack)) {
    const FrameId frame = Innermost(stack);
    if (Frame(frame).kind == FrameKind::kThread) {
      thread = frame;
      has_thread = true;
    } else {
      frames.push_back(frame);
    }
  }
  if (frames.empty() && has_thread) frames.push_back(thread);
  return frames;
}

const std::string& CallStacks::WrittenText(FrameId frame) const {
  return *written_[Index(frame)];
}

bool CallStacks::ReadsBefore(StackId a, StackId b) const {
  while (a != kEmptyStack && b != kEmptyStack && a != b) {
    const FrameId frame_a = Innermost(a);
    const FrameId frame_b = Innermost(b);
    const int order = WrittenText(frame_a).compare(WrittenText(frame_b));
    if (order != 0) return order < 0;
    a = Parent(a);
    b = Parent(b);
  }
  return a == kEmptyStack && b != kEmptyStack;
}

}  // namespace heapline
