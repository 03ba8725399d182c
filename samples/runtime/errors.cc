// errors.cc
#include "samples/runtime/errors.h"

#include "samples/runtime/frame.h"

namespace runtime {

Exception::Exception(const char* type, const std::string& message)
    : std::runtime_error(message), type_(type), traceback_(Frame::Current()) {}

Exception::Exception(const Exception& other) = default;
Exception::~Exception() = default;

}  // namespace runtime
