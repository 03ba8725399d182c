// native_block.cc
#include "samples/runtime/native_block.h"

#include <cstdlib>
#include <new>

#include "samples/runtime/fields.h"
#include "samples/runtime/runtime.h"

namespace runtime {

NativeBlock::NativeBlock(size_t bytes)
    : buffer_(calloc(1, bytes)), buffer_bytes_(bytes) {
  if (buffer_ == nullptr) throw std::bad_alloc();
  new (buffer_) Slot();
}

NativeBlock::~NativeBlock() {
  reference().~Slot();
  free(buffer_);
}

Ref<NativeBlock> NativeBlock::Make(size_t bytes) {
  if (bytes < sizeof(Slot)) bytes = sizeof(Slot);
  return Runtime::Current().New<NativeBlock>(0, bytes);
}

Slot& NativeBlock::reference() const { return *static_cast<Slot*>(buffer_); }

void NativeBlock::Hide(Object* object, Site site) {
  reference() = Slot(object, site);
}

Object* NativeBlock::hidden() const { return reference(); }

void NativeBlock::Describe(LayoutVisitor* visitor) const {
  visitor->Block(this, OffsetIn(this, &buffer_), buffer_, buffer_bytes_);
  DescribeFields(visitor, buffer_, reference());
}

}  // namespace runtime
