// errors.h: the exceptions of the runtime, each with CPython's name and words.
#ifndef SAMPLES_RUNTIME_ERRORS_H_
#define SAMPLES_RUNTIME_ERRORS_H_

#include <stdexcept>
#include <string>

#include "samples/runtime/object.h"

namespace runtime {

class Frame;

class Exception : public std::runtime_error {
 public:
  Exception(const Exception& other);
  ~Exception() override;

  const char* type() const { return type_; }
  // The last line of a traceback: "IndexError: list index out of range".
  std::string Line() const { return std::string(type_) + ": " + what(); }
  // The frame that ran when it was thrown (frame.h); nullptr: none did.
  Frame* traceback() const { return traceback_; }

 protected:
  Exception(const char* type, const std::string& message);

 private:
  const char* type_;
  // It holds its frame, as an error in flight does in Python.
  Ref<Frame> traceback_;
};

struct AttributeError : Exception {
  explicit AttributeError(const std::string& message)
      : Exception("AttributeError", message) {}
};
struct BufferError : Exception {
  explicit BufferError(const std::string& message)
      : Exception("BufferError", message) {}
};
struct IndexError : Exception {
  explicit IndexError(const std::string& message)
      : Exception("IndexError", message) {}
};
struct KeyError : Exception {
  explicit KeyError(const std::string& message)
      : Exception("KeyError", message) {}
};
struct OverflowError : Exception {
  explicit OverflowError(const std::string& message)
      : Exception("OverflowError", message) {}
};
struct RuntimeError : Exception {
  explicit RuntimeError(const std::string& message)
      : Exception("RuntimeError", message) {}
};
struct TypeError : Exception {
  explicit TypeError(const std::string& message)
      : Exception("TypeError", message) {}
};
struct ValueError : Exception {
  explicit ValueError(const std::string& message)
      : Exception("ValueError", message) {}
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_ERRORS_H_
