// array.h: numbers of one type side by side, without an object each.
//
//   Array, 64                          items: a block of element × capacity
//   +16 size                           1 2 3 4 5 6 …
//   +24 items ──────────────────────▶
//   +32 capacity
//   +40 type code, element bytes
//   +48 first weak reference
//   +56 views that borrow the items
//
// It refers to no object, so it is no container and costs the collector
// nothing. Capacities grow by a sixteenth and a little: 4, 8, 16, 25, 34, 44 …
// as CPython's array.array.
//
// Invariant: size <= capacity; items stay where they are while views > 0.
#ifndef SAMPLES_RUNTIME_ARRAY_H_
#define SAMPLES_RUNTIME_ARRAY_H_

#include <cstddef>
#include <cstdint>

#include "samples/runtime/object.h"

namespace runtime {

class Array final : public Object {
 public:
  // 'b' 1, 'i' 4, 'l' 8 bytes an element, signed; 'd' 8. ValueError: others.
  static Ref<Array> Make(char type_code);
  ~Array() override;

  char type_code() const { return type_code_; }
  size_t element_bytes() const { return element_bytes_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }

  // OverflowError where the element cannot hold it, TypeError where the array
  // is of 'd' and the call is not, or the other way; IndexError "array index
  // out of range". BufferError where Append or Pop meets a view.
  void Append(int64_t value);
  void AppendDouble(double value);
  int64_t Get(int64_t index) const;
  double GetDouble(int64_t index) const;
  void Pop();

  // Borrows the items: an exported buffer of a C extension. It must not
  // outlive the array.
  class View {
   public:
    explicit View(Array* array) : array_(array) { ++array_->views_; }
    ~View() { --array_->views_; }
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    const void* data() const { return array_->items_; }
    size_t bytes() const { return array_->size_ * array_->element_bytes_; }

   private:
    Array* array_;
  };

  const char* TypeName() const override { return "array.array"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  size_t ShallowBytes() const override;
  void Describe(LayoutVisitor* visitor) const override;
  WeakRef** WeakRefs() override { return &weak_refs_; }

 private:
  friend class Runtime;
  Array(char type_code, size_t element_bytes)
      : type_code_(type_code),
        element_bytes_(static_cast<uint32_t>(element_bytes)) {}
  void Resize(size_t size);
  void AppendElement(const void* element);
  const char* Element(int64_t index) const;

  size_t size_ = 0;
  char* items_ = nullptr;
  size_t capacity_ = 0;
  char type_code_;
  uint32_t element_bytes_;
  WeakRef* weak_refs_ = nullptr;
  uint64_t views_ = 0;
};

static_assert(sizeof(Array) == 64);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_ARRAY_H_
