#include "analyzer/command/demo_json.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"

namespace heapline {
namespace {

using Json = nlohmann::ordered_json;

// Reads fields of objects; keeps the first thing that is wrong.
class DemoFields {
 public:
  explicit DemoFields(absl::string_view what) : what_(what) {}

  std::string Text(const Json& object, const char* key) {
    const Json* const field = Find(object, key);
    if (field != nullptr && field->is_string()) return *field;
    Fail(key, "a text");
    return "";
  }
  int64_t Number(const Json& object, const char* key) {
    const Json* const field = Find(object, key);
    if (field != nullptr && field->is_number_integer()) return *field;
    Fail(key, "a whole number");
    return 0;
  }
  uint64_t Address(const Json& object, const char* key) {
    uint64_t address = 0;
    if (!absl::SimpleHexAtoi(Text(object, key), &address)) {
      Fail(key, "an address");
    }
    return address;
  }
  // The elements of a list; none where it is something else.
  std::vector<Json> List(const Json& object, const char* key) {
    const Json* const field = Find(object, key);
    if (field != nullptr && field->is_array()) return *field;
    Fail(key, "a list");
    return {};
  }
  std::vector<std::string> Texts(const Json& object, const char* key) {
    std::vector<std::string> texts;
    for (const Json& element : List(object, key)) {
      if (element.is_string()) {
        texts.push_back(element);
      } else {
        Fail(key, "a list of texts");
      }
    }
    return texts;
  }
  std::vector<int64_t> Numbers(const Json& object, const char* key) {
    std::vector<int64_t> numbers;
    for (const Json& element : List(object, key)) {
      if (element.is_number_integer()) {
        numbers.push_back(element);
      } else {
        Fail(key, "a list of whole numbers");
      }
    }
    return numbers;
  }
  std::vector<std::pair<std::string, int64_t>> NamedNumbers(const Json& object,
                                                            const char* key) {
    std::vector<std::pair<std::string, int64_t>> numbers;
    const Json* const field = Find(object, key);
    if (field == nullptr || !field->is_object()) {
      Fail(key, "an object of numbers");
      return numbers;
    }
    for (const auto& [name, value] : field->items()) {
      if (value.is_number_integer()) {
        numbers.emplace_back(name, value);
      } else {
        Fail(key, "an object of numbers");
      }
    }
    return numbers;
  }

  void Fail(absl::string_view key, absl::string_view wanted) {
    if (!status_.ok()) return;
    status_ = Problem(absl::StatusCode::kInvalidArgument,
                      absl::StrCat("reading ", what_, " of heapline-demo"),
                      absl::StrCat(key, " is not ", wanted),
                      "build heapline and its samples from one source");
  }
  const absl::Status& status() const { return status_; }

 private:
  static const Json* Find(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto field = object.find(key);
    return field == object.end() ? nullptr : &*field;
  }

  const absl::string_view what_;
  absl::Status status_;
};

Json ParseJson(absl::string_view text) {
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

// One Row of each element of a list, as `read` makes it.
template <typename Row, typename Read>
absl::StatusOr<std::vector<Row>> ParseRows(absl::string_view what,
                                           absl::string_view text, Read read) {
  DemoFields fields(what);
  const Json json = ParseJson(text);
  std::vector<Row> rows;
  if (!json.is_array()) {
    fields.Fail("the whole", "a list");
  } else {
    for (const Json& element : json) rows.push_back(read(element, &fields));
  }
  if (!fields.status().ok()) return fields.status();
  return rows;
}

KeptObject ReadKept(const Json& json, DemoFields* fields) {
  KeptObject kept;
  kept.cut = static_cast<size_t>(fields->Number(json, "cut"));
  kept.name = fields->Text(json, "name");
  kept.address = fields->Address(json, "address");
  const auto number = [&](const char* key) {
    return static_cast<uint64_t>(fields->Number(json, key));
  };
  kept.sizes.shallow_bytes = number("shallow_bytes");
  kept.sizes.deep_bytes = number("deep_bytes");
  kept.sizes.retained_bytes = number("retained_bytes");
  kept.sizes.retained_count = number("retained_count");
  return kept;
}

}  // namespace

absl::StatusOr<std::vector<DemoScenario>> ParseDemoScenarios(
    absl::string_view text) {
  return ParseRows<DemoScenario>(
      "the scenarios", text, [](const Json& json, DemoFields* fields) {
        DemoScenario scenario;
        scenario.name = fields->Text(json, "name");
        scenario.title = fields->Text(json, "title");
        scenario.rows = fields->Numbers(json, "rows");
        scenario.symptom = fields->Text(json, "symptom");
        scenario.reports = fields->Texts(json, "reports");
        scenario.says = fields->Text(json, "says");
        return scenario;
      });
}

absl::StatusOr<std::vector<DemoChecklistRow>> ParseDemoChecklist(
    absl::string_view text) {
  return ParseRows<DemoChecklistRow>(
      "the checklist", text, [](const Json& json, DemoFields* fields) {
        DemoChecklistRow row;
        row.row = fields->Number(json, "row");
        row.scenario = fields->Text(json, "scenario");
        row.kind = fields->Text(json, "kind");
        row.where = fields->Text(json, "where");
        return row;
      });
}

absl::StatusOr<std::vector<DemoTrial>> ParseDemoTrials(absl::string_view text) {
  return ParseRows<DemoTrial>(
      "the experiment", text, [](const Json& json, DemoFields* fields) {
        DemoTrial trial;
        trial.threshold = fields->Number(json, "threshold");
        trial.collections = fields->Number(json, "collections");
        trial.max_pause_ns = fields->Number(json, "max_pause_ns");
        trial.median_pause_ns = fields->Number(json, "median_pause_ns");
        trial.total_ns = fields->Number(json, "total_ns");
        trial.peak_bytes = fields->Number(json, "peak_bytes");
        return trial;
      });
}

absl::Status ParseDemoTruth(absl::string_view text, DemoRun* run) {
  DemoFields fields("truth.json");
  const Json json = ParseJson(text);
  for (const Json& cut : fields.List(json, "cuts")) {
    run->cuts.push_back({"", fields.Text(cut, "exact")});
  }
  run->grows = fields.Texts(json, "grows");
  for (const Json& kept : fields.List(json, "kept")) {
    run->kept.push_back(ReadKept(kept, &fields));
    if (run->kept.back().cut >= run->cuts.size()) {
      fields.Fail("cut", "one of the cuts");
    }
  }
  run->numbers = fields.NamedNumbers(json, "numbers");
  return fields.status();
}

}  // namespace heapline
