#include "analyzer/report/json_renderer.h"

#include <nlohmann/json.hpp>
#include <variant>

namespace heapline {
namespace {

using Json = nlohmann::ordered_json;

Json CellJson(const Cell& cell) {
  return std::visit([](const auto& value) { return Json(value); }, cell);
}

// "a.b" is field b of object a.
void SetField(const std::string& key, Json value, Json* object) {
  const size_t dot = key.find('.');
  if (dot == std::string::npos) {
    (*object)[key] = std::move(value);
  } else {
    (*object)[key.substr(0, dot)][key.substr(dot + 1)] = std::move(value);
  }
}

Json FrameJson(const FrameText& frame) {
  return {{"function", frame.function},
          {"file", frame.file},
          {"line", frame.line},
          {"module", frame.module},
          {"inlined", frame.inlined}};
}

Json StackJson(const std::vector<FrameText>& frames) {
  Json stack = Json::array();
  for (const FrameText& frame : frames) stack.push_back(FrameJson(frame));
  return stack;
}

Json SnapshotJson(const SnapshotName& name) {
  return {{"file", name.file},   {"program", name.program},
          {"pid", name.pid},     {"sequence", name.sequence},
          {"label", name.label}, {"reason", name.reason}};
}

void AddAside(const Aside& aside, Json* json) {
  Json object = Json::object();
  for (const auto& [key, cell] : aside.fields) {
    SetField(key, CellJson(cell), &object);
  }
  (*json)[aside.name] = std::move(object);
}

Json RowsJson(const Table& table) {
  Json rows = Json::array();
  for (const Row& row : table.rows) {
    Json object = Json::object();
    for (size_t i = 0; i < table.columns.size(); ++i) {
      SetField(table.columns[i].key, CellJson(row.cells[i]), &object);
    }
    for (const RowList& list : row.lists) {
      Json items = Json::array();
      for (const auto& fields : list.items) {
        Json item = Json::object();
        for (const auto& [key, cell] : fields) item[key] = CellJson(cell);
        items.push_back(std::move(item));
      }
      object[list.key] = std::move(items);
    }
    for (const NumberList& list : row.numbers) object[list.key] = list.numbers;
    for (const Aside& aside : row.asides) AddAside(aside, &object);
    if (table.has_stacks) object["stack"] = StackJson(row.stack);
    rows.push_back(std::move(object));
  }
  return rows;
}

void AddTable(const Table& table, Json* json) {
  Json total = Json::object();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].is_summed) {
      SetField(table.columns[i].key, CellJson(table.total[i]), &total);
    }
  }
  (*json)["total"] = std::move(total);
  (*json)["rows"] = RowsJson(table);
  (*json)["rows_left_out"] = table.rows_left_out;
}

void AddStacks(const Stacks& stacks, Json* json) {
  Json rows = Json::array();
  for (const WeightedStack& stack : stacks.stacks) {
    Json object = Json::object();
    for (size_t i = 0; i < stacks.value_names.size(); ++i) {
      object[stacks.value_names[i].first] = stack.values[i];
    }
    object["stack"] = StackJson(stack.frames);
    rows.push_back(std::move(object));
  }
  (*json)["rows"] = std::move(rows);
}

const char* NodeKindName(GraphNode::Kind kind) {
  switch (kind) {
    case GraphNode::Kind::kRoot:
      return "root";
    case GraphNode::Kind::kLeaked:
      return "leaked";
    case GraphNode::Kind::kObject:
      break;
  }
  return "object";
}

void AddGraph(const Graph& graph, Json* json) {
  AddTable(graph.tree, json);
  Json nodes = Json::array();
  for (const GraphNode& node : graph.nodes) {
    nodes.push_back({{"kind", NodeKindName(node.kind)},
                     {"address", node.address},
                     {"label", node.label},
                     {"bytes", node.bytes},
                     {"retained_bytes", node.retained_bytes},
                     {"cycle", node.cycle},
                     {"hidden_targets", node.hidden_targets}});
  }
  Json edges = Json::array();
  for (const GraphEdge& edge : graph.edges) {
    edges.push_back({{"from", edge.from},
                     {"to", edge.to},
                     {"offset", edge.offset},
                     {"count", edge.count},
                     {"weak", edge.is_weak},
                     {"cycle", edge.cycle}});
  }
  (*json)["nodes"] = std::move(nodes);
  (*json)["edges"] = std::move(edges);
  (*json)["nodes_left_out"] = graph.nodes_left_out;
}

}  // namespace

std::string RenderJson(const Document& document) {
  Json json = Json::object();
  json["schema"] = {{"name", document.name}, {"version", document.version}};
  Json snapshots = Json::array();
  for (const SnapshotName& name : document.snapshots) {
    snapshots.push_back(SnapshotJson(name));
  }
  json["snapshots"] = std::move(snapshots);
  json["notes"] = document.notes;
  for (const Aside& aside : document.asides) AddAside(aside, &json);
  if (const auto* table = std::get_if<Table>(&document.body)) {
    AddTable(*table, &json);
  } else if (const auto* stacks = std::get_if<Stacks>(&document.body)) {
    AddStacks(*stacks, &json);
  } else if (const auto* graph = std::get_if<Graph>(&document.body)) {
    AddGraph(*graph, &json);
  }
  for (const Annex& annex : document.annexes) {
    json[annex.name] = RowsJson(annex.table);
  }
  // In ASCII: a terminal may take a C1 control or a change of direction, which
  // JSON need not escape, for what it is.
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace heapline
