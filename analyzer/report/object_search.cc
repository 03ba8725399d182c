// Invariant: names are compared once a type, stack or root, never once an
// object.
#include "analyzer/report/object_search.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/base_name.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/glob.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

// Names that are compared with a mistyped one; the rest is passed over.
constexpr size_t kMostNames = 100000;

bool IsCalled(const std::string& name, const std::string& wanted) {
  if (name.empty()) return false;
  if (IsGlob(wanted) && GlobMatches(wanted, name)) return true;
  return name == wanted || absl::EndsWith(name, "/" + wanted);
}

class Search {
 public:
  Search(GraphSide* side, const std::string& text) : side_(side), text_(text) {
    const std::vector<std::string>& names = side->types().names;
    for (const std::string& name : names) {
      is_type_wanted_.push_back(IsCalled(name, text));
    }
  }

  std::vector<Vertex> Objects() {
    std::vector<Vertex> found;
    for (Vertex v = 0; v < side_->graph().size(); ++v) {
      if (is_type_wanted_[side_->types().Of(v)] || IsSiteWanted(v)) {
        found.push_back(v);
      }
    }
    return found;
  }

  std::vector<uint32_t> Groups() const {
    std::vector<uint32_t> found;
    const std::vector<RootGroup>& groups = side_->root_groups().groups;
    for (uint32_t i = 0; i < groups.size(); ++i) {
      if (IsCalled(groups[i].name, text_) ||
          IsCalled(HolderText(groups[i]), text_)) {
        found.push_back(i);
      }
    }
    return found;
  }

  // Of types, sites and, where they are wanted, roots.
  std::string NearestName(Wanted wanted) {
    absl::flat_hash_set<std::string> names(side_->types().names.begin(),
                                           side_->types().names.end());
    for (Vertex v = 0; v < side_->graph().size(); ++v) {
      if (names.size() >= kMostNames) break;
      if (!named_stacks_.insert(Index(side_->StackOf(v))).second) continue;
      names.emplace(BaseName(side_->SiteOf(v)));
    }
    if (wanted == Wanted::kObjectsOrRoots) {
      for (const RootGroup& group : side_->root_groups().groups) {
        if (names.size() >= kMostNames) break;
        names.insert(group.name);
      }
    }
    std::vector<absl::string_view> sorted(names.begin(), names.end());
    std::sort(sorted.begin(), sorted.end());
    return NearestWord(text_, sorted);
  }

 private:
  bool IsSiteWanted(Vertex v) {
    const auto [row, is_new] =
        is_site_wanted_.try_emplace(Index(side_->StackOf(v)), false);
    if (is_new) row->second = IsCalled(side_->SiteOf(v), text_);
    return row->second;
  }

  GraphSide* side_;
  const std::string& text_;
  std::vector<bool> is_type_wanted_;                    // by TypeId
  absl::flat_hash_map<uint32_t, bool> is_site_wanted_;  // by StackId
  absl::flat_hash_set<uint32_t> named_stacks_;
};

absl::StatusOr<Found> FindAddress(const GraphSide& side, uint64_t address,
                                  const std::string& text) {
  const Vertex v = side.graph().ObjectAt(address);
  if (v != kNoVertex) return Found{Found::By::kAddress, {v}, {}};
  return Problem(absl::StatusCode::kNotFound,
                 absl::StrCat("looking for the object at ", text),
                 "no live block holds that address",
                 "take an address from another report of this snapshot");
}

}  // namespace

absl::StatusOr<Found> FindNamed(GraphSide* side, const std::string& text,
                                Wanted wanted) {
  const absl::optional<uint64_t> address =
      absl::StartsWith(text, "0x") ? ParseNumber(text) : absl::nullopt;
  if (address.has_value()) return FindAddress(*side, *address, text);
  Search search(side, text);
  Found found;
  found.objects = search.Objects();
  if (!found.objects.empty()) return found;
  const bool takes_roots = wanted == Wanted::kObjectsOrRoots;
  if (takes_roots) found.groups = search.Groups();
  if (!found.groups.empty()) {
    found.by = Found::By::kRoot;
    const RootGroups& groups = side->root_groups();
    for (size_t i = 0; i < groups.of_root.size(); ++i) {
      const bool is_of_it = std::binary_search(
          found.groups.begin(), found.groups.end(), groups.of_root[i]);
      if (is_of_it) found.objects.push_back(side->graph().roots()[i].object);
    }
    std::sort(found.objects.begin(), found.objects.end());
    found.objects.erase(std::unique(found.objects.begin(), found.objects.end()),
                        found.objects.end());
    return found;
  }
  const std::string nearest = search.NearestName(wanted);
  return Problem(
      absl::StatusCode::kNotFound, absl::StrCat("looking for ", SafeText(text)),
      takes_roots ? "no live object has this type or site, no root this name"
                  : "no live object has this type or site",
      !nearest.empty() ? absl::StrCat("did you mean ", SafeText(nearest), "?")
      : takes_roots
          ? "give an address (0x...), a type, a site as file:line or a root"
          : "give an address (0x...), a type, or a site as file:line");
}

}  // namespace heapline
