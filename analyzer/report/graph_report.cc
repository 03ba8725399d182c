// `heapline graph`: the object graph as a tree, from the roots or X down, or
// from X up; and the same part of it for drawing.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/flood.h"
#include "analyzer/analysis/reference_tree.h"
#include "analyzer/base/text.h"
#include "analyzer/report/graph_drawing.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/object_keys.h"
#include "analyzer/report/object_search.h"
#include "analyzer/report/reports.h"
#include "analyzer/report/tree_table.h"

namespace heapline {
namespace {

// Where -n 0 asks for all: a report is to be read by something.
constexpr size_t kMostRows = 10000;

// No group of roots has this number.
constexpr uint32_t kNoGroup = UINT32_MAX;

class GraphMaker {
 public:
  GraphMaker(GraphSide* side, const ReportRequest& request)
      : side_(side),
        view_(request.graph.view),
        keys_(side, Key::kType, Attribution::kSite),
        limits_{request.row_limit == 0 ? kMostRows
                                       : std::min(request.row_limit, kMostRows),
                view_.depth} {}

  absl::Status Make(Document* document) {
    document_ = document;
    const absl::Status status = view_.to.empty() ? LookDown() : LookUp();
    if (!status.ok()) return status;
    Graph graph;
    graph.tree = TreeTable(rows_, direction_, first_name_, &keys_, side_);
    drawing_.most_nodes = limits_.rows;
    drawing_.depth = limits_.depth;
    Draw(side_, drawing_, &graph);
    document->body = std::move(graph);
    return absl::OkStatus();
  }

 private:
  absl::Status LookDown() {
    direction_ = TreeDirection::kDown;
    drawing_.towards = Drawing::Towards::kTargets;
    const auto name_of = [this](Vertex v) { return keys_.Of(v); };
    const Retention& retention = side_->retention();
    if (view_.from.empty()) {
      first_name_ = "all that is live";
      rows_ = TreeFromHolder(side_->graph(), retention, retention.root(),
                             name_of, limits_);
      StartEverywhere();
      return absl::OkStatus();
    }
    const absl::StatusOr<Found> found =
        FindNamed(side_, view_.from, Wanted::kObjectsOrRoots);
    if (!found.ok()) return found.status();
    if (found->by == Found::By::kRoot) {
      const Vertex group = HeaviestGroup(*found);
      rows_ =
          TreeFromHolder(side_->graph(), retention, group, name_of, limits_);
      drawing_.start = {group};
      return absl::OkStatus();
    }
    rows_ = TreeFromObjects(side_->graph(), retention, found->objects,
                            FoldedName(*found), name_of, limits_);
    first_name_ = NameOfFound(*found, view_.from);
    drawing_.start = found->objects;
    return absl::OkStatus();
  }

  absl::Status LookUp() {
    direction_ = TreeDirection::kUp;
    drawing_.towards = Drawing::Towards::kHolders;
    const absl::StatusOr<Found> to =
        FindNamed(side_, view_.to, Wanted::kObjects);
    if (!to.ok()) return to.status();
    if (!view_.from.empty()) {
      const absl::Status status = LeadFrom(*to);
      if (!status.ok()) return status;
    }
    rows_ = TreeToObjects(
        side_->graph(), side_->retention(), side_->root_groups().of_root,
        to->objects, kNoName, leads_, groups_,
        [this](Vertex v) { return keys_.Of(v); }, limits_);
    first_name_ = NameOfFound(*to, view_.to);
    drawing_.start = to->objects;
    drawing_.leads = leads_;
    drawing_.groups = groups_;
    return absl::OkStatus();
  }

  // Only what --from leads to may stand on the way.
  absl::Status LeadFrom(const Found& to) {
    const absl::StatusOr<Found> from =
        FindNamed(side_, view_.from, Wanted::kObjectsOrRoots);
    if (!from.ok()) return from.status();
    leads_.assign(side_->graph().size(), 0);
    Flood flood(side_->graph().edges(), &leads_);
    flood.Start(0, 1);
    for (const Vertex v : from->objects) flood.Add(v);
    flood.Run([](uint32_t) { return true; });
    groups_ = {kNoGroup};
    if (from->by == Found::By::kRoot) groups_ = from->groups;
    const bool is_reached =
        std::any_of(to.objects.begin(), to.objects.end(),
                    [this](Vertex v) { return leads_[v] != 0; });
    if (!is_reached) {
      document_->notes.push_back(absl::StrCat(
          "no chain of references leads from ", view_.from, " to ", view_.to));
    }
    return absl::OkStatus();
  }

  // All groups of roots, and the leaks that nothing leads to.
  void StartEverywhere() {
    const Retention& retention = side_->retention();
    const auto groups =
        static_cast<uint32_t>(side_->root_groups().groups.size());
    for (uint32_t group = 0; group < groups; ++group) {
      drawing_.start.push_back(retention.GroupVertex(group));
    }
    for (const Leak& leak : side_->leaks().leaks) {
      drawing_.start.push_back(leak.first);
    }
  }

  Vertex HeaviestGroup(const Found& found) {
    const Retention& retention = side_->retention();
    Vertex best = retention.GroupVertex(found.groups.front());
    for (const uint32_t group : found.groups) {
      const Vertex v = retention.GroupVertex(group);
      if (retention.RetainedBytes(v) > retention.RetainedBytes(best)) best = v;
    }
    if (found.groups.size() > 1) {
      document_->notes.push_back(absl::StrCat(
          Counted(found.groups.size(), "root"), " match ", view_.from,
          ": the one that retains most is taken, ", side_->HolderName(best)));
    }
    return best;
  }

  // One object stands for itself; many for their name, where they have one.
  uint32_t FoldedName(const Found& found) {
    if (found.by == Found::By::kAddress) return kNoName;
    const ObjectKeyId name = keys_.Of(found.objects.front());
    const bool is_one_name =
        std::all_of(found.objects.begin(), found.objects.end(),
                    [&](Vertex v) { return keys_.Of(v) == name; });
    return is_one_name ? name : kNoName;
  }

  std::string NameOfFound(const Found& found, const std::string& text) {
    return found.by == Found::By::kAddress
               ? side_->NameOf(found.objects.front())
               : text;
  }

  GraphSide* side_;
  const GraphView view_;
  ObjectKeys keys_;
  const TreeLimits limits_;
  Document* document_ = nullptr;
  TreeDirection direction_ = TreeDirection::kDown;
  std::vector<TreeRow> rows_;
  std::string first_name_;  // of the first row, unless it is a root
  Drawing drawing_;
  BigVector<uint8_t> leads_;  // these two: see TreeToObjects
  std::vector<uint32_t> groups_;
};

}  // namespace

absl::StatusOr<Document> MakeGraphReport(const ReportRequest& request) {
  const absl::StatusOr<std::unique_ptr<GraphSide>> side =
      GraphSide::TryRead(request);
  if (!side.ok()) return side.status();
  Document document = (*side)->NewDocument("heapline.graph");
  const absl::Status status = GraphMaker(side->get(), request).Make(&document);
  if (!status.ok()) return status;
  return document;
}

}  // namespace heapline
