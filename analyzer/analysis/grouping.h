// grouping.h: under which key a call stack's blocks are counted (`--by KEY`).
// Every stack has exactly one key, so every live block is on exactly one row;
// only `--cumulative` asks for all keys of a stack.
// The call stacks must outlive the groups. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_GROUPING_H_
#define HEAPLINE_ANALYZER_ANALYSIS_GROUPING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "analyzer/analysis/call_stacks.h"

namespace heapline {

// kType: the allocation site stands in where an object's type is not known.
enum class Key { kLine, kFunction, kFile, kModule, kStack, kType, kThread };

// Names in the order of the enum: "line", "function", …
const std::vector<std::string>& KeyNames();
absl::StatusOr<Key> KeyByName(absl::string_view name);
absl::string_view KeyName(Key key);

// Which frame of a stack is charged: the site by the rules, or the innermost.
enum class Attribution { kSite, kInnermost };

enum class KeyId : uint32_t {};
constexpr uint32_t Index(KeyId id) { return static_cast<uint32_t>(id); }

class Groups {
 public:
  Groups(CallStacks* stacks, Key key, Attribution attribution);

  // REQUIRES: stack is not empty.
  KeyId KeyOf(StackId stack);
  // The key of objects of a type, whatever their stacks.
  KeyId KeyOfType(const std::string& type) { return Intern({type, "", ""}); }
  // Each key that stands anywhere in the stack, once, in order of first
  // meeting from the innermost frame.
  std::vector<KeyId> KeysAnywhere(StackId stack);

  // The key's text; empty for Key::kStack, whose texts are long and many:
  // there the key is the stack KeyStack(id), see StackText.
  const KeyText& Text(KeyId id) const { return entries_[Index(id)].text; }
  StackId KeyStack(KeyId id) const { return entries_[Index(id)].stack; }

  // The frame charged with the stack's blocks.
  FrameId ChargedFrame(StackId stack) const;

 private:
  struct Entry {
    KeyText text;
    StackId stack;  // kEmptyStack but for Key::kStack
  };
  KeyId Intern(const KeyText& text);
  KeyId KeyOfFrame(FrameId frame);
  KeyId KeyOfThread(StackId stack);
  KeyId KeyOfWholeStack(StackId stack);

  CallStacks* stacks_;
  Key key_;
  Attribution attribution_;
  absl::flat_hash_map<std::string, KeyId> ids_;  // by full text
  std::vector<Entry> entries_;                   // index = KeyId
  absl::flat_hash_map<uint32_t, KeyId> by_frame_;
  absl::flat_hash_map<uint32_t, KeyId> by_stack_;
};

// A stack as one line of text, innermost frame first, joined by " <- ".
std::string StackText(const CallStacks& stacks, StackId stack);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_GROUPING_H_
