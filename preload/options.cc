#include "preload/options.h"

#include "preload/message.h"
#include "preload/option_values.h"

namespace heapline {
namespace {

enum class Type : uint8_t {
  kFlag,
  kCount,
  kBytes,
  kDuration,
  kGrowth,
  kSignal,
  kText,
  kUnwinder
};

struct Row {
  Type type;
  uint16_t offset;
  const char* name;
  const char* default_value;
  const char* help;
};

constexpr Row kRows[] = {
#define HEAPLINE_OPTION(type, name, default_value, help) \
  {Type::k##type, offsetof(Options, name), #name, default_value, help},
#include "heapline/options.def"
};

// What a value of each type looks like, for the message about a bad one.
constexpr const char* kGrammar[] = {
    "0 or 1",
    "a whole number",
    "a number with an optional K, M, G or T",
    "0 or a number with ms, s, m or h",
    "a number with an optional K, M, G or T, or a percentage such as 10%",
    "none, a signal's name such as USR2 or RTMAX-2, or its number",
    "shorter than 4096 bytes",
    "cfi or libunwind"};

bool SetField(const Row& row, Text value, Options* options) {
  char* field = reinterpret_cast<char*>(options) + row.offset;
  switch (row.type) {
    case Type::kFlag: {
      if (!Is(value, "0") && !Is(value, "1")) return false;
      *reinterpret_cast<bool*>(field) = value.bytes[0] == '1';
      return true;
    }
    case Type::kCount:
      return ParseCount(value, reinterpret_cast<uint64_t*>(field));
    case Type::kBytes:
      return ParseBytes(value, reinterpret_cast<uint64_t*>(field));
    case Type::kDuration:
      return ParseDuration(value, reinterpret_cast<uint64_t*>(field));
    case Type::kGrowth:
      return ParseGrowth(value, reinterpret_cast<GrowthStep*>(field));
    case Type::kSignal:
      return ParseSignal(value, reinterpret_cast<int*>(field));
    case Type::kText: {
      if (value.count == 0 || value.count >= kOptionTextBytes) return false;
      __builtin_memcpy(field, value.bytes, value.count);
      field[value.count] = '\0';
      return true;
    }
    case Type::kUnwinder: {
      const bool is_cfi = Is(value, "cfi");
      if (!is_cfi && !Is(value, "libunwind")) return false;
      *reinterpret_cast<Unwinder*>(field) =
          is_cfi ? Unwinder::kCfi : Unwinder::kLibunwind;
      return true;
    }
  }
  return false;
}

// What a value alone does not show: two options that cannot both hold, or a
// number out of its option's range. NULL: all is well.
const char* RangeFault(const Row& row, const Options& options) {
  if (Equal(row.name, "reserved_signal")) {
    if (options.reserved_signal == 0) return "a signal; it cannot be none";
    if (options.reserved_signal == options.signal) {
      return "another signal than `signal`";
    }
  }
  if (Equal(row.name, "signal") && options.signal != 0 &&
      options.signal == options.reserved_signal) {
    return "another signal than `reserved_signal`";
  }
  if (Equal(row.name, "near_limit") && options.near_limit >= 100) {
    return "a percentage under 100";
  }
  return nullptr;
}

const Row* FindRow(Text key) {
  for (const Row& row : kRows) {
    if (Is(key, row.name)) return &row;
  }
  return nullptr;
}

const Row& NearestRow(Text key) {
  const Row* nearest = &kRows[0];
  size_t least = ~size_t{0};
  for (const Row& row : kRows) {
    const size_t name_bytes = Length(row.name);
    // No distance is below the difference of the lengths.
    if (name_bytes > key.count && name_bytes - key.count >= least) continue;
    if (key.count > name_bytes && key.count - name_bytes >= least) continue;
    const size_t distance = EditDistance(key, row.name);
    if (distance < least) {
      least = distance;
      nearest = &row;
    }
  }
  return *nearest;
}

// One key=value of the list, its value unquoted into `value`.
struct Item {
  Text key;
  bool has_value;
  bool is_closed;  // a quoted value ended with its quote
  bool is_too_long;
  size_t value_bytes;
  char value[kOptionTextBytes];
};

bool IsSpace(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

void Append(Item* item, char byte) {
  if (item->value_bytes + 1 < sizeof item->value) {
    item->value[item->value_bytes++] = byte;
    item->value[item->value_bytes] = '\0';
  } else {
    item->is_too_long = true;
  }
}

// Takes the next item off *at; false at the end of the list. In a quoted
// value \" and \\ stand for themselves.
bool TakeItem(const char** at, Item* item) {
  const char* next = *at;
  while (*next == ':' || IsSpace(*next)) ++next;
  if (*next == '\0') return false;
  item->key.bytes = next;
  while (*next != '\0' && *next != '=' && *next != ':') ++next;
  item->key.count = static_cast<size_t>(next - item->key.bytes);
  while (item->key.count > 0 && IsSpace(item->key.bytes[item->key.count - 1])) {
    --item->key.count;
  }
  item->has_value = *next == '=';
  item->is_closed = true;
  item->is_too_long = false;
  item->value_bytes = 0;
  item->value[0] = '\0';
  if (item->has_value) {
    ++next;
    const char quote = *next == '"' || *next == '\'' ? *next++ : '\0';
    if (quote != '\0') {
      while (*next != '\0' && *next != quote) {
        if (*next == '\\' && (next[1] == quote || next[1] == '\\')) ++next;
        Append(item, *next++);
      }
      item->is_closed = *next == quote;
      if (item->is_closed) ++next;
    }
    while (*next != '\0' && *next != ':') Append(item, *next++);
  }
  *at = next;
  return true;
}

Line& AddTaken(const Row& row, Line* line) {
  return line->Add("; taking ").Add(row.name).Add("=").Add(row.default_value);
}

void ComplainOfItem(const Item& item, void (*complain)(const char*)) {
  Line line;
  line.Add("HEAPLINE_OPTIONS: ");
  const Row* row = FindRow(item.key);
  if (row == nullptr) {
    line.Add("unknown option '")
        .Add(item.key.bytes, item.key.count < 64 ? item.key.count : 64)
        .Add("' is ignored; did you mean '")
        .Add(NearestRow(item.key).name)
        .Add("'? (help=1 lists all)");
  } else {
    line.Add(row->name);
    if (!item.has_value) {
      line.Add(" has no value");
    } else {
      line.Add("=").Add(item.value,
                        item.value_bytes < 64 ? item.value_bytes : 64);
      line.Add(item.is_closed ? " is not valid" : " lacks its closing quote");
    }
    line.Add("; it must be ").Add(kGrammar[static_cast<size_t>(row->type)]);
    AddTaken(*row, &line);
  }
  complain(line.c_str());
}

void SetDefault(const Row& row, Options* options) {
  SetField(row, {row.default_value, Length(row.default_value)}, options);
}

// False: unknown key or bad value; the key's default stands then.
bool TakeValue(const Item& item, Options* options) {
  const Row* row = FindRow(item.key);
  if (row == nullptr) return false;
  if (item.has_value && item.is_closed && !item.is_too_long &&
      SetField(*row, {item.value, item.value_bytes}, options)) {
    return true;
  }
  SetDefault(*row, options);
  return false;
}

// Sets one option with a fault to its default. False: there was none. A default
// may be at odds with another option, so this is asked until it says so; all
// defaults together have no fault.
bool MendOne(Options* options, void (*complain)(const char* line)) {
  for (const Row& row : kRows) {
    const char* fault = RangeFault(row, *options);
    if (fault == nullptr) continue;
    SetDefault(row, options);
    Line line;
    line.Add("HEAPLINE_OPTIONS: ").Add(row.name).Add(" must be ").Add(fault);
    complain(AddTaken(row, &line).c_str());
    return true;
  }
  return false;
}

}  // namespace

void ParseOptions(const char* text, Options* options,
                  void (*complain)(const char* line)) {
  for (const Row& row : kRows) SetDefault(row, options);
  if (text == nullptr) return;
  // Kept out of the stack, which may be small: called once, by one thread.
  static Item item;
  // quiet=1 counts for the complaints too, wherever it stands.
  const char* at = text;
  while (TakeItem(&at, &item)) {
    if (Is(item.key, "quiet")) TakeValue(item, options);
  }
  at = text;
  while (TakeItem(&at, &item)) {
    if (!TakeValue(item, options)) ComplainOfItem(item, complain);
  }
  while (MendOne(options, complain)) {
  }
}

void DescribeOptions(void (*line)(const char* text)) {
  for (const Row& row : kRows) {
    Line text;
    text.Add(row.name).Add("=").Add(row.default_value).Add("  ").Add(row.help);
    line(text.c_str());
  }
}

}  // namespace heapline
