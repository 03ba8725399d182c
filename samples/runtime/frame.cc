// frame.cc
#include "samples/runtime/frame.h"

#include <vector>

#include "samples/runtime/fields.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

FrameScope* innermost = nullptr;

}  // namespace

Ref<Frame> Frame::Make(std::string_view function, Frame* back, Site site) {
  Ref<Frame> frame = Runtime::Current().New<Frame>(0);
  frame->function_ = Str::Make(function);
  frame->locals_ = Dict::Make();
  frame->back_ = Ref<Frame>(back, site);
  return frame;
}

Frame* Frame::Current() {
  return innermost != nullptr ? innermost->frame_.get() : nullptr;
}

std::string_view Frame::function() const {
  return function_ != nullptr ? function_->view() : std::string_view();
}

void Frame::Traverse(Visit visit) const {
  TraverseFields(visit, function_, locals_, back_);
}
void Frame::Clear() { ClearFields(function_, locals_, back_); }
void Frame::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, function_, locals_, back_);
}

FrameScope::FrameScope(std::string_view function, Site site)
    : frame_(Frame::Make(function, Frame::Current(), site)), outer_(innermost) {
  innermost = this;
}

FrameScope::~FrameScope() { innermost = outer_; }

Ref<Error> Error::Make(const Exception& thrown, Site site) {
  Ref<Error> error = Runtime::Current().New<Error>(0);
  error->line_ = Str::Make(thrown.Line());
  error->traceback_ = Ref<Frame>(thrown.traceback(), site);
  return error;
}

std::string_view Error::line() const {
  return line_ != nullptr ? line_->view() : std::string_view();
}

std::string Error::Format() const {
  std::vector<const Frame*> frames;  // innermost first
  for (const Frame* frame = traceback_; frame != nullptr;
       frame = frame->back()) {
    frames.push_back(frame);
  }
  std::string text;
  if (!frames.empty()) text = "Traceback (most recent call last):\n";
  for (size_t i = frames.size(); i > 0; --i) {
    text += "  in ";
    text += frames[i - 1]->function();
    text += '\n';
  }
  text += line();
  return text;
}

void Error::Traverse(Visit visit) const {
  TraverseFields(visit, line_, traceback_);
}
void Error::Clear() { ClearFields(line_, traceback_); }
void Error::Describe(LayoutVisitor* visitor) const {
  DescribeFields(visitor, this, line_, traceback_);
}

}  // namespace runtime
