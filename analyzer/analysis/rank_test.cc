// The tests' distributions. All sums are of positive terms: nothing cancels.
#include "analyzer/analysis/rank_test.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace heapline {
namespace {

using Distribution = std::vector<double>;  // of S, as the header describes

// Beyond so many pairs in all, parts are added up by the normal approximation.
constexpr size_t kMostExactPairs = 300;

// Sizes of the groups of equal values.
std::vector<size_t> TiedGroups(absl::Span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<size_t> groups;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i] == sorted[i - 1]) {
      ++groups.back();
    } else {
      groups.push_back(1);
    }
  }
  return groups;
}

Distribution Convolved(const Distribution& a, const Distribution& b) {
  Distribution sum(a.size() + b.size() - 1);
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) sum[i + j] += a[i] * b[j];
  }
  return sum;
}

// How often a value of one group stands before a smaller one of the other, as
// probabilities: the Gaussian binomial coefficient over the binomial one, by
// which group the last place belongs to (Mann and Whitney 1947).
Distribution CrossInversions(size_t first, size_t second) {
  // row[b] is the distribution for a of the first group and b of the second.
  std::vector<Distribution> row(second + 1, Distribution{1.0});
  for (size_t a = 1; a <= first; ++a) {
    for (size_t b = 1; b <= second; ++b) {
      const double share = static_cast<double>(a) / static_cast<double>(a + b);
      Distribution next(a * b + 1);
      // A last place of the greater group is never in an inversion; one of the
      // smaller group has all of the greater group before it.
      for (size_t i = 0; i < row[b].size(); ++i) next[i] += share * row[b][i];
      for (size_t i = 0; i < row[b - 1].size(); ++i) {
        next[i + a] += (1 - share) * row[b - 1][i];
      }
      row[b] = std::move(next);
    }
  }
  return row[second];
}

double UpperTail(const Distribution& distribution, int64_t s) {
  const int64_t top = static_cast<int64_t>(distribution.size()) - 1;
  // S = 2 i - top >= s from this i on; s has the parity of top.
  const int64_t from = std::clamp<int64_t>((s + top) / 2, 0, top);
  double tail = 0;
  for (int64_t i = top; i >= from; --i) {
    tail += distribution[static_cast<size_t>(i)];
  }
  return std::min(tail, 1.0);
}

struct Part {
  KendallScore score;
  Distribution exact;  // empty where the normal approximation is used
};

// H0: every order of the values within each part of the subset is equally
// likely, and parts are independent.
double SubsetPValue(const std::vector<const Part*>& subset) {
  int64_t s = 0;
  double variance = 0;
  bool is_exact = true;
  for (const Part* part : subset) {
    s += part->score.s;
    variance += part->score.variance;
    is_exact = is_exact && !part->exact.empty();
  }
  if (!is_exact) return NormalKendallPValue(s, variance);
  Distribution sum{1.0};
  for (const Part* part : subset) sum = Convolved(sum, part->exact);
  return UpperTail(sum, s);
}

}  // namespace

KendallScore KendallScoreOf(absl::Span<const double> values) {
  KendallScore score;
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = i + 1; j < values.size(); ++j) {
      score.s += (values[j] > values[i]) - (values[j] < values[i]);
    }
  }
  const auto term = [](size_t count) {
    const double n = static_cast<double>(count);
    return n * (n - 1) * (2 * n + 5) / 18;
  };
  score.variance = term(values.size());
  for (const size_t tied : TiedGroups(values)) score.variance -= term(tied);
  score.variance = std::max(score.variance, 0.0);
  return score;
}

std::vector<double> ExactKendallDistribution(absl::Span<const double> values) {
  Distribution inversions{1.0};
  size_t placed = 0;
  for (const size_t tied : TiedGroups(values)) {
    if (placed > 0) {
      inversions = Convolved(inversions, CrossInversions(placed, tied));
    }
    placed += tied;
  }
  return inversions;  // symmetric: inversions and S have the same order
}

double NormalKendallPValue(int64_t s, double variance) {
  if (variance <= 0) return 1;
  const double z = (static_cast<double>(s) - 1) / std::sqrt(variance);
  const double p = std::erfc(z / std::sqrt(2.0)) / 2;
  return std::max(p, std::numeric_limits<double>::min());
}

double MannKendallPValue(absl::Span<const double> values) {
  const KendallScore score = KendallScoreOf(values);
  if (values.size() > kExactKendallValues) {
    return NormalKendallPValue(score.s, score.variance);
  }
  return UpperTail(ExactKendallDistribution(values), score.s);
}

double SignTestPValue(size_t successes, size_t trials) {
  if (successes == 0) return 1;
  const double n = static_cast<double>(trials);
  double tail = 0;
  for (size_t i = successes; i <= trials; ++i) {
    const double k = static_cast<double>(i);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) -
                     std::lgamma(n - k + 1) - n * std::log(2.0));
  }
  return std::clamp(tail, std::numeric_limits<double>::min(), 1.0);
}

double MoreRisesThanSteps(absl::Span<const double> values, size_t steps) {
  size_t rises = 0;
  size_t falls = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] > values[i - 1]) ++rises;
    if (values[i] < values[i - 1]) ++falls;
  }
  // The subset that says least is the one without `steps` of the rises.
  const size_t counted = rises - std::min(rises, steps);
  return SignTestPValue(counted, counted + falls);
}

double MorePartsRiseThanSteps(absl::Span<const double> values, size_t steps) {
  const size_t count = std::min(kTrendParts, values.size() / 3);
  if (count <= steps) return 1;
  std::vector<Part> parts(count);
  size_t pairs = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * values.size() / count;
    const size_t end = (i + 1) * values.size() / count;
    parts[i].score = KendallScoreOf(values.subspan(begin, end - begin));
    pairs += (end - begin) * (end - begin - 1) / 2;
  }
  for (size_t i = 0; i < count && pairs <= kMostExactPairs; ++i) {
    const size_t begin = i * values.size() / count;
    const size_t end = (i + 1) * values.size() / count;
    parts[i].exact =
        ExactKendallDistribution(values.subspan(begin, end - begin));
  }
  // Every subset without `steps` of the parts; ties make it hard to tell which
  // says least, and there are at most 2^kTrendParts.
  double worst = 0;
  for (size_t mask = 0; mask < (size_t{1} << count); ++mask) {
    std::vector<const Part*> subset;
    for (size_t i = 0; i < count; ++i) {
      if ((mask >> i & 1) != 0) subset.push_back(&parts[i]);
    }
    if (subset.size() != count - steps) continue;
    worst = std::max(worst, SubsetPValue(subset));
  }
  return worst;
}

std::vector<double> HolmAdjusted(absl::Span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return p_values[a] < p_values[b];
  });
  std::vector<double> adjusted(p_values.size());
  double so_far = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double factor = static_cast<double>(order.size() - rank);
    so_far = std::max(so_far, std::min(1.0, factor * p_values[order[rank]]));
    adjusted[order[rank]] = so_far;
  }
  return adjusted;
}

}  // namespace heapline
