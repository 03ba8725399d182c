// json.h: a text as a JSON string. Enough for what this program writes.
#ifndef SAMPLES_DEMO_JSON_H_
#define SAMPLES_DEMO_JSON_H_

#include <cstdio>
#include <string>

namespace demo {

inline std::string JsonText(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < ' ') {
      char escape[8];
      snprintf(escape, sizeof escape, "\\u%04x", c);
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace demo

#endif  // SAMPLES_DEMO_JSON_H_
