// native_block.h: the object of a C extension. Its buffer comes from malloc,
// not from the runtime's allocator, and what the buffer refers to the runtime
// cannot see:
//
//   NativeBlock, 32      buffer, malloc's
//   +16 buffer ────────▶ +0  a reference that is counted, and hidden: Traverse
//   +24 bytes                does not show it, so no collection can see through
//                            it, and a cycle that leads here never dies
//
// Describe does show it: it is the truth that collections miss.
//
// Invariant: the buffer lives as long as the object.
#ifndef SAMPLES_RUNTIME_NATIVE_BLOCK_H_
#define SAMPLES_RUNTIME_NATIVE_BLOCK_H_

#include <cstddef>

#include "samples/runtime/object.h"

namespace runtime {

class NativeBlock final : public Object {
 public:
  // A zeroed buffer of so many bytes, no fewer than 8.
  static Ref<NativeBlock> Make(size_t bytes);
  ~NativeBlock() override;

  size_t buffer_bytes() const { return buffer_bytes_; }

  // Counts a reference to it and keeps it in the buffer, in place of the one
  // before. nullptr: none.
  void Hide(Object* object, Site site = Site::Here());
  Object* hidden() const;

  const char* TypeName() const override { return "native block"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  size_t ShallowBytes() const override { return sizeof(*this) + buffer_bytes_; }
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  explicit NativeBlock(size_t bytes);
  Slot& reference() const;  // in the buffer

  void* buffer_;
  size_t buffer_bytes_;
};

static_assert(sizeof(NativeBlock) == 32);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_NATIVE_BLOCK_H_
