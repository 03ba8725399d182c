#include "analyzer/report/object_keys.h"

namespace heapline {

ObjectKeys::ObjectKeys(GraphSide* side, Key key, Attribution attribution)
    : side_(side),
      groups_(side->stacks(), key, attribution),
      by_type_(key == Key::kType) {}

ObjectKeyId ObjectKeys::Intern(const std::string& text) {
  const auto [row, is_new] =
      ids_.try_emplace(text, static_cast<ObjectKeyId>(texts_.size()));
  if (is_new) texts_.push_back(text);
  return row->second;
}

ObjectKeyId ObjectKeys::Of(Vertex v) {
  const TypeId type = by_type_ ? side_->types().Of(v) : 0;
  if (type != 0) {
    const auto [row, is_new] = of_type_.try_emplace(type, 0);
    if (is_new) row->second = Intern(side_->TypeOf(v));
    return row->second;
  }
  const StackId stack = side_->StackOf(v);
  const auto [row, is_new] = of_stack_.try_emplace(Index(stack), 0);
  if (is_new) {
    const KeyId key = groups_.KeyOf(stack);
    const std::string text = groups_.Text(key).Full();
    row->second =
        Intern(text.empty() ? StackText(*side_->stacks(), groups_.KeyStack(key))
                            : text);
  }
  return row->second;
}

}  // namespace heapline
