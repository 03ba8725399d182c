// frame.h: running functions with their local variables, and errors that keep
// them: an Error that is saved holds the frame that it was raised in, that
// frame its caller's, and each all its locals.
//
//   Frame, 56                      Error, 48
//   +32 function name ─▶ Str       +32 line ─▶ Str "ValueError: bad"
//   +40 locals ─▶ Dict             +40 traceback ─▶ Frame
//   +48 back ─▶ Frame
//
// Invariant: the frame of a running FrameScope is held by it, on the C++ stack.
#ifndef SAMPLES_RUNTIME_FRAME_H_
#define SAMPLES_RUNTIME_FRAME_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/object.h"
#include "samples/runtime/text.h"

namespace runtime {

class Frame final : public Container {
 public:
  static Ref<Frame> Make(std::string_view function, Frame* back = nullptr,
                         Site site = Site::Here());
  // Of the innermost FrameScope; nullptr: none runs.
  static Frame* Current();

  std::string_view function() const;  // "" once cleared
  // REQUIRES: not cleared.
  Dict& locals() const { return *locals_; }
  Frame* back() const { return back_; }

  const char* TypeName() const override { return "frame"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  Frame() = default;

  Ref<Str> function_;
  Ref<Dict> locals_;
  Ref<Frame> back_;
};

// A function that runs: its frame is the current one until the scope is left.
// Scopes are left in the reverse order of their making.
class FrameScope {
 public:
  explicit FrameScope(std::string_view function, Site site = Site::Here());
  ~FrameScope();
  FrameScope(const FrameScope&) = delete;
  FrameScope& operator=(const FrameScope&) = delete;

  Frame& frame() const { return *frame_; }
  Dict& locals() const { return frame_->locals(); }

 private:
  friend class Frame;
  Ref<Frame> frame_;
  FrameScope* outer_;
};

class Error final : public Container {
 public:
  // Of what was thrown: with its frame, and with that all its callers'.
  static Ref<Error> Make(const Exception& thrown, Site site = Site::Here());

  std::string_view line() const;  // "" once cleared
  Frame* traceback() const { return traceback_; }
  // "Traceback (most recent call last):", a line a frame, the error's line.
  std::string Format() const;
  // error.__traceback__ = None: lets the frames go.
  void DropTraceback() { traceback_ = nullptr; }

  const char* TypeName() const override { return "Exception"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  Error() = default;

  Ref<Str> line_;
  Ref<Frame> traceback_;
};

static_assert(sizeof(Frame) == 56);
static_assert(sizeof(Error) == 48);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_FRAME_H_
