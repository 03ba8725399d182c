// repr.cc
#include "samples/runtime/repr.h"

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "samples/runtime/cast.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/set.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tuple.h"

namespace runtime {
namespace {

// The fewest digits that read back as the same number, written out from 1e-4 to
// below 1e16, beyond with an exponent.
std::string ReprOfDouble(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char text[64];
  int digits = 0;
  do {
    snprintf(text, sizeof text, "%.*e", digits, value);
    ++digits;
  } while (strtod(text, nullptr) != value);
  const int exponent = atoi(strchr(text, 'e') + 1);
  if (exponent < -4 || exponent >= 16) return text;
  const int decimals = digits - 1 - exponent;
  snprintf(text, sizeof text, "%.*f", decimals > 1 ? decimals : 1, value);
  return text;
}

std::string ReprOfOther(const Object* object) {
  char address[32];
  snprintf(address, sizeof address, " object at 0x%" PRIxPTR ">",
           reinterpret_cast<uintptr_t>(object));
  return std::string("<") + object->TypeName() + address;
}

// Of an object within a container.
std::string ReprOfItem(const Object* object) {
  if (object == nullptr) return "None";
  if (const Int* const number = Cast<Int>(object))
    return std::to_string(number->value());
  if (const Float* const number = Cast<Float>(object))
    return ReprOfDouble(number->value());
  if (const Str* const text = Cast<Str>(object)) return Quoted(text->view());
  if (const Bytes* const bytes = Cast<Bytes>(object))
    return "b" + Quoted(bytes->view());
  if (Cast<List>(object) != nullptr) return "[...]";
  if (Cast<Tuple>(object) != nullptr) return "(...)";
  if (Cast<Dict>(object) != nullptr || Cast<Set>(object) != nullptr)
    return "{...}";
  return ReprOfOther(object);
}

// Puts ", " between items.
class Items {
 public:
  explicit Items(const char* opening) : text_(opening) {}
  void Add(const std::string& item) {
    if (count_++ > 0) text_ += ", ";
    text_ += item;
  }
  size_t count() const { return count_; }
  std::string Close(const char* closing) { return text_ + closing; }

 private:
  std::string text_;
  size_t count_ = 0;
};

std::string ReprOfSequence(const Object& object, const char* opening,
                           const char* closing) {
  Items items(opening);
  const auto add = [&items](const auto& sequence) {
    for (size_t i = 0; i < sequence.size(); ++i)
      items.Add(ReprOfItem(sequence.Get(static_cast<int64_t>(i))));
  };
  if (const List* const list = Cast<List>(&object)) add(*list);
  if (const Tuple* const tuple = Cast<Tuple>(&object)) add(*tuple);
  const bool is_single = Cast<Tuple>(&object) != nullptr && items.count() == 1;
  return items.Close(is_single ? ",)" : closing);
}

}  // namespace

std::string Quoted(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string result(1, quote);
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\r') {
      result += "\\r";
    } else if (byte < ' ' || byte == 0x7f) {
      char escape[8];
      snprintf(escape, sizeof escape, "\\x%02x", byte);
      result += escape;
    } else {
      result += c;
    }
  }
  return result + quote;
}

std::string Repr(const Object* object) {
  if (Cast<List>(object) != nullptr) return ReprOfSequence(*object, "[", "]");
  if (Cast<Tuple>(object) != nullptr) return ReprOfSequence(*object, "(", ")");
  if (const Dict* const dict = Cast<Dict>(object)) {
    Items items("{");
    dict->ForEach([&items](Object* key, Object* value) {
      items.Add(ReprOfItem(key) + ": " + ReprOfItem(value));
    });
    return items.Close("}");
  }
  if (const Set* const set = Cast<Set>(object)) {
    if (set->size() == 0) return "set()";
    Items items("{");
    set->ForEach([&items](Object* key) { items.Add(ReprOfItem(key)); });
    return items.Close("}");
  }
  return ReprOfItem(object);
}

}  // namespace runtime
