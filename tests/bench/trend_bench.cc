// trend_bench: how often what does not grow is called growing, and how often
// what grows is found, by kind of population and number of snapshots: with what
// the epochs tell, by the plain values alone, and, beside them, by the test of
// Mann and Kendall at the same rate. Then whole reports of many keys.
//
//   trend_bench [--series N] [--seed N] [--json]
//
// The same seed gives the same figures on every machine.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/analysis/rank_test.h"
#include "analyzer/analysis/trend.h"
#include "trend_populations.h"

namespace heapline {
namespace {

constexpr int kSnapshots[] = {10, 20, 40, 100};
constexpr int kKeysOfAReport = 200;
constexpr int kSnapshotsOfAReport = 40;

struct Settings {
  int series = 1000;
  uint64_t seed = 1;
  bool is_json = false;
};

// Shares of all series, in percent.
struct Shares {
  double growing = 0;
  double growing_by_values_alone = 0;
  double rising_by_mann_kendall = 0;
  double saturating = 0;
};

Trend TrendOfOne(const Series& series) {
  return TrendsOf(absl::MakeConstSpan(&series, 1), TrendOptions())[0];
}

Shares Measure(const PopulationKind& kind, int snapshots,
               const Settings& settings) {
  Shares shares;
  const double each = 100.0 / settings.series;
  for (int i = 0; i < settings.series; ++i) {
    Series series = MadeSeries(kind, snapshots, settings.seed, i);
    const TrendVerdict verdict = TrendOfOne(series).verdict;
    const double plain_p = MannKendallPValue(series.values);
    series.aged.clear();
    const TrendVerdict by_values = TrendOfOne(series).verdict;
    shares.growing += verdict == TrendVerdict::kGrowing ? each : 0;
    shares.saturating += verdict == TrendVerdict::kSaturating ? each : 0;
    shares.rising_by_mann_kendall +=
        plain_p <= TrendOptions().false_alarm_rate ? each : 0;
    shares.growing_by_values_alone +=
        by_values == TrendVerdict::kGrowing ? each : 0;
  }
  return shares;
}

void PrintHead() {
  std::printf("percent: growing, by values alone, Mann-Kendall; saturating\n");
  std::printf("%-31s", "");
  for (const int snapshots : kSnapshots) {
    std::printf("  n = %-21d", snapshots);
  }
  std::printf("\n");
}

void MeasureKinds(const Settings& settings) {
  const PopulationKind* before = nullptr;
  for (const PopulationKind& kind : PopulationKinds()) {
    if (!settings.is_json) {
      if (before == nullptr || before->truth != kind.truth) {
        std::printf("%s\n", kind.truth == Truth::kGrows ? "what grows"
                                                        : "what does not grow");
      }
      std::printf("  %-29s", kind.name);
    }
    for (const int snapshots : kSnapshots) {
      const Shares shares = Measure(kind, snapshots, settings);
      if (settings.is_json) {
        std::printf(
            "%s{\"population\":\"%s\",\"grows\":%s,\"snapshots\":%d,"
            "\"growing_percent\":%.2f,\"growing_by_values_percent\":%.2f,"
            "\"mann_kendall_percent\":%.2f,\"saturating_percent\":%.2f}",
            before == nullptr && snapshots == kSnapshots[0] ? "" : ",\n",
            kind.name, kind.truth == Truth::kGrows ? "true" : "false",
            snapshots, shares.growing, shares.growing_by_values_alone,
            shares.rising_by_mann_kendall, shares.saturating);
      } else {
        std::printf("  %5.1f %5.1f %5.1f %5.1f", shares.growing,
                    shares.growing_by_values_alone,
                    shares.rising_by_mann_kendall, shares.saturating);
      }
    }
    if (!settings.is_json) std::printf("\n");
    std::fflush(stdout);
    before = &kind;
  }
}

// Reports of many keys that do not grow and one that does.
void MeasureReports(const char* keys_are,
                    const std::vector<PopulationKind>& stable,
                    const PopulationKind& leak, const Settings& settings) {
  const int reports = std::max(1, settings.series / 10);
  int with_false_alarm = 0;
  int with_leak_found = 0;
  for (int report = 0; report < reports; ++report) {
    std::vector<Series> keys;
    for (int i = 0; i < kKeysOfAReport; ++i) {
      keys.push_back(MadeSeries(stable[static_cast<size_t>(i) % stable.size()],
                                kSnapshotsOfAReport, settings.seed + 1,
                                report * kKeysOfAReport + i));
    }
    keys.push_back(
        MadeSeries(leak, kSnapshotsOfAReport, settings.seed + 1, report));
    const std::vector<Trend> trends = TrendsOf(keys, TrendOptions());
    const auto is_growing = [](const Trend& trend) {
      return trend.verdict == TrendVerdict::kGrowing;
    };
    with_leak_found += is_growing(trends.back()) ? 1 : 0;
    with_false_alarm +=
        std::any_of(trends.begin(), trends.end() - 1, is_growing) ? 1 : 0;
  }
  const double each = 100.0 / reports;
  std::printf(settings.is_json
                  ? ",\n{\"reports\":%d,\"keys\":%d,\"keys_are\":\"%s\","
                    "\"snapshots\":%d,\"false_alarm_percent\":%.2f,"
                    "\"leak_found_percent\":%.2f}"
                  : "%4d reports, %d keys: %s; n = %d: with a false alarm "
                    "%.1f %%, with the leak found %.1f %%\n",
              reports, kKeysOfAReport, keys_are, kSnapshotsOfAReport,
              each * with_false_alarm, each * with_leak_found);
}

void MeasureReports(const Settings& settings) {
  std::vector<PopulationKind> stable;
  std::vector<PopulationKind> caches;
  PopulationKind leak{};
  for (const PopulationKind& kind : PopulationKinds()) {
    if (kind.truth == Truth::kDoesNotGrow) stable.push_back(kind);
    if (std::strncmp(kind.name, "cache", 5) == 0) caches.push_back(kind);
    if (std::strcmp(kind.name, "1 a round, +-50") == 0) leak = kind;
  }
  if (!settings.is_json) std::printf("with 1 a round, +-50 among other keys\n");
  MeasureReports("all kinds that do not grow", stable, leak, settings);
  MeasureReports("nothing but filling caches", caches, leak, settings);
}

int Usage() {
  std::fprintf(stderr, "usage: trend_bench [--series N] [--seed N] [--json]\n");
  return 2;
}

}  // namespace

int Main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      settings.is_json = true;
    } else if (i + 1 < argc && std::strcmp(argv[i], "--series") == 0) {
      settings.series = std::atoi(argv[++i]);
    } else if (i + 1 < argc && std::strcmp(argv[i], "--seed") == 0) {
      settings.seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      return Usage();
    }
  }
  if (settings.series < 1) return Usage();
  if (settings.is_json) {
    std::printf("[");
  } else {
    PrintHead();
  }
  MeasureKinds(settings);
  MeasureReports(settings);
  std::printf(settings.is_json ? "]\n" : "");
  return 0;
}

}  // namespace heapline

int main(int argc, char** argv) { return heapline::Main(argc, argv); }
