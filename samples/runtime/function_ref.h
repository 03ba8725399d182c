// function_ref.h: a reference to something callable: two words, no allocation.
// It must not outlive what it refers to: for parameters only.
#ifndef SAMPLES_RUNTIME_FUNCTION_REF_H_
#define SAMPLES_RUNTIME_FUNCTION_REF_H_

#include <memory>
#include <type_traits>
#include <utility>

namespace runtime {

template <typename Signature>
class FunctionRef;

template <typename Result, typename... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <typename Callable, typename = std::enable_if_t<!std::is_same_v<
                                   std::decay_t<Callable>, FunctionRef>>>
  FunctionRef(Callable&& callable)  // NOLINT: meant to convert
      : callable_(const_cast<void*>(
            static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Arguments... arguments) -> Result {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(
              std::forward<Arguments>(arguments)...);
        }) {}

  Result operator()(Arguments... arguments) const {
    return call_(callable_, std::forward<Arguments>(arguments)...);
  }

 private:
  void* callable_;
  Result (*call_)(void*, Arguments...);
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_FUNCTION_REF_H_
