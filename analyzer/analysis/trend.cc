// What is asked of each of a key's series, and how the answers are joined.
#include "analyzer/analysis/trend.h"

#include <algorithm>

#include "analyzer/analysis/rank_test.h"
#include "analyzer/analysis/trend_shape.h"

namespace heapline {
namespace {

constexpr size_t kMostPoints = 1000;

// From so many values on, parts say more than single increments may, and both
// are asked.
constexpr size_t kFewestForParts = 18;

// How much of the old blocks' slope the values' own may be, at its interval's
// upper end, if they are to have it as well. Less lets caches pass, more
// refuses leaks under a load that drifts (trend_bench: "full cache that
// learns", "1 a round, AR(1) load").
constexpr double kLeastOfAgedSlope = 0.7;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double low = values[(values.size() - 1) / 2];
  return low + (values[values.size() / 2] - low) / 2;
}

// One of a key's series, in at most kMostPoints points.
struct Points {
  std::vector<double> all;
  size_t snapshots_each = 1;
  size_t warm_up = 0;

  absl::Span<const double> WithoutWarmUp() const {
    return absl::MakeConstSpan(all).subspan(warm_up);
  }
};

// The groups end with the last value; the first group may be smaller.
Points PointsOf(absl::Span<const double> values) {
  Points points;
  points.snapshots_each =
      std::max<size_t>(1, (values.size() + kMostPoints - 1) / kMostPoints);
  const size_t each = points.snapshots_each;
  size_t end = values.size() % each == 0 ? each : values.size() % each;
  for (size_t begin = 0; begin < values.size(); end += each) {
    points.all.push_back(
        Median({values.begin() + begin, values.begin() + end}));
    begin = end;
  }
  points.warm_up = WarmUpSteps(points.all);
  return points;
}

double PlacesPValue(absl::Span<const double> values, size_t steps) {
  const double by_increments = MoreRisesThanSteps(values, steps);
  if (values.size() < kFewestForParts) return by_increments;
  const double by_parts = MorePartsRiseThanSteps(values, steps);
  return std::min(1.0, 2 * std::min(by_increments, by_parts));
}

// Of Trend::p_value's H0, for one series.
double GrowthPValue(const Points& points, const TrendOptions& options) {
  const absl::Span<const double> values = points.WithoutWarmUp();
  if (!GoesOn(values)) return 1;
  return std::max({PlacesPValue(values, options.steps_allowed),
                   MannKendallPValue(values),
                   MannKendallPValue(values.subspan(values.size() / 2))});
}

RobustSlope SlopeOf(const Points& points, const TrendOptions& options) {
  RobustSlope slope =
      TheilSenSlope(points.WithoutWarmUp(), 1 - options.false_alarm_rate);
  const double snapshots = static_cast<double>(points.snapshots_each);
  slope.estimate /= snapshots;
  slope.lower /= snapshots;
  slope.upper /= snapshots;
  return slope;
}

// Whether the key as a whole keeps up too little with its old blocks: then they
// are no more than they were, only older, as in a full cache that replaces ever
// fewer entries.
bool ValuesContradict(const Points& values, const Points& aged,
                      const TrendOptions& options) {
  return SlopeOf(values, options).upper <
         kLeastOfAgedSlope * SlopeOf(aged, options).estimate;
}

// The verdict here is that before any proof: flat, or saturating.
Trend GrowthOf(const Series& series, const TrendOptions& options) {
  std::vector<Points> asked{PointsOf(series.values)};
  for (const std::vector<double>& aged : series.aged) {
    asked.push_back(PointsOf(aged));
  }
  const double count = static_cast<double>(asked.size());
  size_t best = 0;
  double least = 1;
  bool is_over = false;
  Trend trend;
  for (size_t i = 0; i < asked.size(); ++i) {
    const double p = GrowthPValue(asked[i], options);
    if (p < least) {
      least = p;
      best = i;
    }
    const std::vector<double>& all = asked[i].all;
    if (!RoseClearOfNoise(all) ||
        count * MannKendallPValue(all) > options.false_alarm_rate) {
      continue;
    }
    if (!CameToAnEnd(asked[i].WithoutWarmUp())) continue;
    trend.verdict = TrendVerdict::kSaturating;
    // Old blocks tell late of an end that the younger ones saw. The values do
    // not: their noise may look like one.
    is_over = is_over || i > 0;
  }
  const bool is_refused =
      is_over || (best > 0 && count * least <= options.false_alarm_rate &&
                  ValuesContradict(asked[0], asked[best], options));
  trend.p_value = is_refused ? 1 : std::min(1.0, count * least);
  trend.slope = SlopeOf(asked[best], options);
  trend.warm_up_steps = asked[best].warm_up * asked[best].snapshots_each;
  if (best > 0) {
    trend.age_of_evidence = AgesToCount(series.values.size())[best - 1];
  }
  return trend;
}

Points NegatedPointsOf(const Series& series) {
  std::vector<double> negated;
  for (const double value : series.values) negated.push_back(-value);
  return PointsOf(negated);
}

Trend Falling(const Series& series, double p_value, double adjusted_p_value,
              const TrendOptions& options) {
  const Points points = NegatedPointsOf(series);
  const RobustSlope rise = SlopeOf(points, options);
  Trend trend;
  trend.verdict = TrendVerdict::kFalling;
  trend.p_value = p_value;
  trend.adjusted_p_value = adjusted_p_value;
  trend.slope = {-rise.estimate, -rise.upper, -rise.lower};
  trend.warm_up_steps = points.warm_up * points.snapshots_each;
  return trend;
}

bool IsConstant(absl::Span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

bool Varies(const Series& series) {
  return !IsConstant(series.values) ||
         !std::all_of(series.aged.begin(), series.aged.end(), IsConstant);
}

}  // namespace

std::vector<Trend> TrendsOf(absl::Span<const Series> series,
                            const TrendOptions& options) {
  std::vector<Trend> trends;
  std::vector<double> growth_p;
  std::vector<double> fall_p;
  // Most keys of a program never change. Of these no claim is made, so they are
  // none of the claims that the correction is for.
  std::vector<size_t> varying;
  for (size_t i = 0; i < series.size(); ++i) {
    trends.push_back(GrowthOf(series[i], options));
    if (!Varies(series[i])) continue;
    varying.push_back(i);
    growth_p.push_back(trends[i].p_value);
    fall_p.push_back(GrowthPValue(NegatedPointsOf(series[i]), options));
  }
  const std::vector<double> adjusted_growth_p = HolmAdjusted(growth_p);
  const std::vector<double> adjusted_fall_p = HolmAdjusted(fall_p);
  for (size_t i = 0; i < varying.size(); ++i) {
    Trend& trend = trends[varying[i]];
    trend.adjusted_p_value = adjusted_growth_p[i];
    if (adjusted_growth_p[i] <= options.false_alarm_rate) {
      trend.verdict = TrendVerdict::kGrowing;
    } else if (adjusted_fall_p[i] <= options.false_alarm_rate) {
      trend =
          Falling(series[varying[i]], fall_p[i], adjusted_fall_p[i], options);
    }
  }
  return trends;
}

}  // namespace heapline
