// json.h: a text as a JSON string. Enough for what these programs write.
#ifndef SAMPLES_RUNTIME_JSON_H_
#define SAMPLES_RUNTIME_JSON_H_

#include <cstdio>
#include <string>

namespace runtime {

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

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_JSON_H_
