// dict.h: a compact hash table that keeps the order of insertion.
//
//   Dict, 64               keys: one block
//   +32 size               head, 32 bytes
//   +40 changes            index, 1, 2 or 4 bytes a slot: [·][1][·][·][0] …
//   +48 keys ────────────▶ entries, 24 bytes: hash, key,      │        │
//   +56 times resized        value; in the order of coming    ▼        ▼
//                                                         entry 1   entry 0
//
// A slot of the index holds an entry's number. A table of 2^k slots takes
// 2^k × 2/3 entries, deleted ones included; when it is full it is made anew for
// three times what lives: 8 slots (5 entries) at first, then 16, 32 … The empty
// dict has no table. Sizes are CPython's: 64, 64 + 32 + 8 + 5 × 24 = 224, 352 …
//
// Invariant: size + deleted entries = entries used <= usable. Values are not
// nullptr. Keys hash and compare by Object::Hash and Equals.
#ifndef SAMPLES_RUNTIME_DICT_H_
#define SAMPLES_RUNTIME_DICT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "samples/runtime/function_ref.h"
#include "samples/runtime/object.h"

namespace runtime {

class Dict final : public Container {
 public:
  static Ref<Dict> Make();
  ~Dict() override;

  size_t size() const { return size_; }
  size_t slots() const;                          // of the index; 0: no table
  uint64_t resizes() const { return resizes_; }  // tables made anew

  // nullptr: absent.
  Object* Get(const Object* key) const;
  Object* Get(std::string_view key) const;
  // KeyError in CPython's words where it is absent.
  Object* At(const Object* key) const;
  Object* At(std::string_view key) const;

  // A new entry goes to the end; an old one stays where it is, with its key.
  void Set(Object* key, Object* value, Site site = Site::Here());
  // With an interned key (interning.h).
  void Set(std::string_view key, Object* value, Site site = Site::Here());

  // The value that was there; nullptr: it was absent.
  Ref<Object> Remove(const Object* key);
  Ref<Object> Remove(std::string_view key);
  // del dict[key]: KeyError where it is absent.
  void Delete(const Object* key);
  void Delete(std::string_view key);

  // In the order of insertion. RuntimeError "dictionary changed size during
  // iteration" where `visit` adds or removes.
  void ForEach(FunctionRef<void(Object* key, Object* value)> visit) const;

  const char* TypeName() const override { return "dict"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  size_t ShallowBytes() const override;
  void Traverse(Visit visit) const override;
  void Clear() override;
  void Describe(LayoutVisitor* visitor) const override;

 private:
  friend class Runtime;
  struct Keys;
  struct Entry;
  struct Found;
  using IsKey = FunctionRef<bool(const Object* key)>;

  Dict() = default;
  Found Find(uint64_t hash, IsKey is_key) const;
  Found Find(const Object* key) const;
  Found Find(std::string_view key) const;
  void Insert(size_t slot, uint64_t hash, Object* key, Object* value,
              Site site);
  Ref<Object> Take(const Found& found);
  void Resize();  // for three times what lives

  size_t size_ = 0;
  uint64_t changes_ = 0;  // insertions and removals: what ForEach minds
  Keys* keys_ = nullptr;
  uint64_t resizes_ = 0;
};

static_assert(sizeof(Dict) == 64);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_DICT_H_
