#include "analyzer/analysis/grouping.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "analyzer/base/status.h"

namespace heapline {
namespace {

KeyText TextOfFrame(Key key, const StackFrame& frame) {
  switch (key) {
    case Key::kFunction:
      return FunctionText(frame);
    case Key::kFile:
      return FileText(frame);
    case Key::kModule:
      return ModuleText(frame);
    default:
      return LineText(frame);
  }
}

}  // namespace

const std::vector<std::string>& KeyNames() {
  static const auto* const names = new std::vector<std::string>{
      "line", "function", "file", "module", "stack", "type", "thread"};
  return *names;
}

absl::StatusOr<Key> KeyByName(absl::string_view name) {
  const std::vector<std::string>& names = KeyNames();
  const auto row = std::find(names.begin(), names.end(), name);
  if (row == names.end()) {
    return Problem(absl::StatusCode::kInvalidArgument, "grouping by KEY",
                   absl::StrCat("no key is called ", name),
                   absl::StrCat("use one of ", absl::StrJoin(names, ", ")));
  }
  return static_cast<Key>(row - names.begin());
}

absl::string_view KeyName(Key key) {
  return KeyNames()[static_cast<size_t>(key)];
}

std::string StackText(const CallStacks& stacks, StackId stack) {
  std::vector<std::string> frames;
  for (const FrameId frame : stacks.Frames(stack)) {
    frames.push_back(WrittenFrame(stacks.Frame(frame)).Full());
  }
  return absl::StrJoin(frames, " <- ");
}

Groups::Groups(CallStacks* stacks, Key key, Attribution attribution)
    : stacks_(stacks), key_(key), attribution_(attribution) {}

FrameId Groups::ChargedFrame(StackId stack) const {
  return attribution_ == Attribution::kSite ? stacks_->Site(stack)
                                            : stacks_->Innermost(stack);
}

KeyId Groups::Intern(const KeyText& text) {
  const auto [row, is_new] =
      ids_.try_emplace(text.Full(), KeyId(entries_.size()));
  if (is_new) entries_.push_back({text, kEmptyStack});
  return row->second;
}

KeyId Groups::KeyOfFrame(FrameId frame) {
  const auto known = by_frame_.find(Index(frame));
  if (known != by_frame_.end()) return known->second;
  const KeyId id = Intern(TextOfFrame(key_, stacks_->Frame(frame)));
  by_frame_.emplace(Index(frame), id);
  return id;
}

KeyId Groups::KeyOfThread(StackId stack) {
  for (; stack != kEmptyStack; stack = stacks_->Parent(stack)) {
    const StackFrame& frame = stacks_->Frame(stacks_->Innermost(stack));
    if (frame.kind != FrameKind::kThread) continue;
    // "<thread worker (worker-#)>" is a frame; the key is what stands inside.
    absl::string_view text = *frame.source.function;
    absl::ConsumePrefix(&text, "<thread ");
    absl::ConsumeSuffix(&text, ">");
    return Intern({std::string(text), "", ""});
  }
  return Intern({"<no thread>", "", ""});
}

KeyId Groups::KeyOfWholeStack(StackId stack) {
  const StackId code = stacks_->CodeStack(stack);
  const StackId key = code == kEmptyStack ? stack : code;
  const auto [row, is_new] =
      by_stack_.try_emplace(Index(key), KeyId(entries_.size()));
  if (is_new) entries_.push_back({{}, key});
  return row->second;
}

KeyId Groups::KeyOf(StackId stack) {
  switch (key_) {
    case Key::kThread:
      return KeyOfThread(stack);
    case Key::kStack:
      return KeyOfWholeStack(stack);
    default:
      return KeyOfFrame(ChargedFrame(stack));
  }
}

std::vector<KeyId> Groups::KeysAnywhere(StackId stack) {
  if (key_ == Key::kThread || key_ == Key::kStack) return {KeyOf(stack)};
  std::vector<KeyId> keys;
  for (StackId at = stack; at != kEmptyStack; at = stacks_->Parent(at)) {
    const FrameId frame = stacks_->Innermost(at);
    if (stacks_->Frame(frame).kind != FrameKind::kCode) continue;
    const KeyId key = KeyOfFrame(frame);
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(key);
    }
  }
  if (keys.empty()) keys.push_back(KeyOf(stack));
  return keys;
}

}  // namespace heapline
