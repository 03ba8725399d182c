#include "preload/option_values.h"

#include <signal.h>

#include "preload/message.h"

namespace heapline {
namespace {

char Lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32)
                                        : letter;
}

// Takes the digits in front of *text. False: there are none, or the number
// does not fit.
bool TakeNumber(Text* text, uint64_t* value) {
  uint64_t number = 0;
  size_t used = 0;
  while (used < text->count && text->bytes[used] >= '0' &&
         text->bytes[used] <= '9') {
    if (__builtin_mul_overflow(number, uint64_t{10}, &number) ||
        __builtin_add_overflow(
            number, static_cast<uint64_t>(text->bytes[used] - '0'), &number)) {
      return false;
    }
    ++used;
  }
  text->bytes += used;
  text->count -= used;
  *value = number;
  return used > 0;
}

struct SignalName {
  const char* name;
  int number;
};

constexpr SignalName kSignals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT},
    {"ABRT", SIGABRT}, {"USR1", SIGUSR1},     {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM},
    {"CHLD", SIGCHLD}, {"STKFLT", SIGSTKFLT}, {"CONT", SIGCONT},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},
    {"URG", SIGURG},   {"XCPU", SIGXCPU},     {"XFSZ", SIGXFSZ},
    {"PROF", SIGPROF}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"POLL", SIGIO},       {"PWR", SIGPWR},
};

// The kernel's numbering: glibc keeps 32 and 33 for itself.
constexpr int kFirstRealTime = 34;
constexpr int kLastSignal = 64;

// Whether a handler of ours may be put on it: not those that cannot be caught,
// not glibc's own, not the faults (a handler that is not the fault's own
// would return to the faulting instruction for ever).
bool MayBeTaken(uint64_t number) {
  switch (number) {
    case 0:
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case 32:
    case 33:
      return false;
    default:
      return number <= kLastSignal;
  }
}

}  // namespace

bool Is(Text text, const char* word) {
  return Length(word) == text.count &&
         __builtin_memcmp(text.bytes, word, text.count) == 0;
}

bool ParseCount(Text text, uint64_t* value) {
  uint64_t number;
  if (!TakeNumber(&text, &number) || text.count != 0) return false;
  *value = number;
  return true;
}

bool ParseBytes(Text text, uint64_t* value) {
  uint64_t number;
  if (!TakeNumber(&text, &number)) return false;
  int shift = 0;
  if (text.count > 0) {
    switch (Lower(text.bytes[0])) {
      case 'k':
        shift = 10;
        break;
      case 'm':
        shift = 20;
        break;
      case 'g':
        shift = 30;
        break;
      case 't':
        shift = 40;
        break;
      default:
        return false;
    }
    const Text rest = {text.bytes + 1, text.count - 1};
    if (rest.count != 0 && !Is(rest, "B") && !Is(rest, "iB")) return false;
  }
  if (number > ~uint64_t{0} >> (shift + 1)) return false;
  *value = number << shift;
  return true;
}

bool ParseDuration(Text text, uint64_t* value) {
  uint64_t number;
  if (!TakeNumber(&text, &number)) return false;
  uint64_t unit;
  if (text.count == 0 && number == 0) {
    unit = 1;
  } else if (Is(text, "ms")) {
    unit = 1000000;
  } else if (Is(text, "s")) {
    unit = 1000000000;
  } else if (Is(text, "m")) {
    unit = uint64_t{60} * 1000000000;
  } else if (Is(text, "h")) {
    unit = uint64_t{3600} * 1000000000;
  } else {
    return false;
  }
  uint64_t nanoseconds;
  if (__builtin_mul_overflow(number, unit, &nanoseconds) ||
      nanoseconds > ~uint64_t{0} >> 1) {
    return false;
  }
  *value = nanoseconds;
  return true;
}

bool ParseGrowth(Text text, GrowthStep* value) {
  if (text.count > 0 && text.bytes[text.count - 1] == '%') {
    uint64_t percent;
    if (!ParseCount({text.bytes, text.count - 1}, &percent) ||
        percent > 1000000) {
      return false;
    }
    *value = {0, static_cast<uint32_t>(percent)};
    return true;
  }
  uint64_t bytes;
  if (!ParseBytes(text, &bytes)) return false;
  *value = {bytes, 0};
  return true;
}

bool ParseSignal(Text text, int* value) {
  if (Is(text, "none")) {
    *value = 0;
    return true;
  }
  uint64_t number;
  if (ParseCount(text, &number)) {
    if (!MayBeTaken(number)) return false;
    *value = static_cast<int>(number);
    return true;
  }
  if (text.count > 3 && Is({text.bytes, 3}, "SIG")) {
    text.bytes += 3;
    text.count -= 3;
  }
  for (const SignalName& row : kSignals) {
    if (Is(text, row.name)) {
      *value = row.number;
      return true;
    }
  }
  if (text.count < 5) return false;
  const bool from_min = Is({text.bytes, 5}, "RTMIN");
  if (!from_min && !Is({text.bytes, 5}, "RTMAX")) return false;
  text.bytes += 5;
  text.count -= 5;
  uint64_t distance = 0;
  if (text.count > 0) {
    if (text.bytes[0] != (from_min ? '+' : '-')) return false;
    if (!ParseCount({text.bytes + 1, text.count - 1}, &distance)) return false;
    if (distance > kLastSignal - kFirstRealTime) return false;
  }
  const int steps = static_cast<int>(distance);
  *value = from_min ? kFirstRealTime + steps : kLastSignal - steps;
  return true;
}

size_t EditDistance(Text a, const char* b) {
  constexpr size_t kMost = 32;
  const size_t b_count = Length(b);
  if (a.count > kMost || b_count > kMost) return kMost * 2;
  uint8_t rows[3][kMost + 1];
  for (size_t j = 0; j <= b_count; ++j) rows[0][j] = static_cast<uint8_t>(j);
  for (size_t i = 1; i <= a.count; ++i) {
    uint8_t* now = rows[i % 3];
    const uint8_t* last = rows[(i + 2) % 3];
    const uint8_t* before_last = rows[(i + 1) % 3];
    now[0] = static_cast<uint8_t>(i);
    for (size_t j = 1; j <= b_count; ++j) {
      const char left = Lower(a.bytes[i - 1]);
      const char right = Lower(b[j - 1]);
      size_t best = last[j - 1] + (left == right ? 0u : 1u);
      if (last[j] + 1u < best) best = last[j] + 1u;
      if (now[j - 1] + 1u < best) best = now[j - 1] + 1u;
      if (i > 1 && j > 1 && left == Lower(b[j - 2]) &&
          Lower(a.bytes[i - 2]) == right && before_last[j - 2] + 1u < best) {
        best = before_last[j - 2] + 1u;
      }
      now[j] = static_cast<uint8_t>(best);
    }
  }
  return rows[a.count % 3][b_count];
}

}  // namespace heapline
