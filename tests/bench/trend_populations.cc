#include "trend_populations.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace heapline {
namespace {

// Temporary blocks, all freed before the next snapshot.
void AddShortNoise(Population* population, Random* random) {
  for (int t = 0; t < population->snapshots(); ++t) {
    population->Add(t, t + 1, random->Whole(150, 250));
  }
}

// About 200 blocks, each living for some rounds, in balance from the start.
void AddLivingNoise(Population* population, Random* random, double mean_life) {
  const int at_start = random->Poisson(200);
  for (int i = 0; i < at_start; ++i) {
    population->Add(0, random->Geometric(mean_life));
  }
  for (int t = 1; t < population->snapshots(); ++t) {
    const int births = random->Poisson(200 / mean_life);
    for (int i = 0; i < births; ++i) {
      population->Add(t, t + random->Geometric(mean_life));
    }
  }
}

void AddSomeNoise(Population* population, Random* random) {
  switch (random->Whole(0, 2)) {
    case 0:
      return AddShortNoise(population, random);
    case 1:
      return AddLivingNoise(population, random, random->Uniform(2, 6));
    default:
      return;
  }
}

template <int kPerRound>
void AddLeak(Population* population) {
  for (int t = 0; t < population->snapshots(); ++t) {
    population->Add(t, kNeverFreed, kPerRound);
  }
}

void LivesOfRounds(Population* population, Random* random) {
  AddLivingNoise(population, random, random->Uniform(2, 6));
}

void LivesOfAThird(Population* population, Random* random) {
  AddLivingNoise(population, random,
                 random->Uniform(2, std::max(3, population->snapshots() / 3)));
}

// Each entry comes at a time of its own; 90 % of them within 0.2 to 0.6 of the
// series.
void CacheThatKeepsAll(Population* population, Random* random) {
  AddSomeNoise(population, random);
  const double entries = random->LogUniform(10, 3000);
  const double mean_time =
      random->Uniform(0.2, 0.6) * population->snapshots() / std::log(10.0);
  for (int i = 0; i < entries; ++i) {
    const double time = -mean_time * std::log(1 - random->Uniform(0, 1));
    population->Add(static_cast<int>(time), kNeverFreed);
  }
}

// Full after 0.1 to 0.6 of the series; then each entry takes the place of the
// oldest one or of any.
void CacheThatEvicts(Population* population, Random* random) {
  AddSomeNoise(population, random);
  const double entries = random->LogUniform(10, 1000);
  const double rate =
      entries / (random->Uniform(0.1, 0.6) * population->snapshots());
  const bool evicts_oldest = random->Whole(0, 1) == 0;
  std::vector<int> births;
  for (int t = 0; t < population->snapshots(); ++t) {
    for (int coming = random->Poisson(rate); coming > 0; --coming) {
      const int count = static_cast<int>(births.size());
      if (count >= entries) {
        const int out = evicts_oldest ? 0 : random->Whole(0, count - 1);
        population->Add(births[static_cast<size_t>(out)], t);
        births.erase(births.begin() + out);
      }
      births.push_back(t);
    }
  }
  for (const int birth : births) population->Add(birth, kNeverFreed);
}

// Full from the start. It learns what to keep: ever fewer entries are
// replaced, so its old entries become more while it does not grow.
void FullCacheThatLearns(Population* population, Random* random) {
  AddSomeNoise(population, random);
  const int entries = static_cast<int>(random->LogUniform(20, 1000));
  const double at_start = random->Uniform(0.1, 0.6) * entries;
  const double at_end = random->Uniform(0, 0.5) * at_start;
  std::vector<int> births(static_cast<size_t>(entries), 0);
  for (int t = 1; t < population->snapshots(); ++t) {
    const double part = static_cast<double>(t) / population->snapshots();
    const double rate = at_start + (at_end - at_start) * part;
    for (int coming = random->Poisson(rate); coming > 0; --coming) {
      const size_t out = static_cast<size_t>(random->Whole(0, entries - 1));
      population->Add(births[out], t);
      births[out] = t;
    }
  }
  for (const int birth : births) population->Add(birth, kNeverFreed);
}

void Steps(Population* population, Random* random) {
  AddSomeNoise(population, random);
  for (int steps = random->Whole(1, 3); steps > 0; --steps) {
    population->Add(random->Whole(0, population->snapshots() - 1), kNeverFreed,
                    std::floor(random->LogUniform(1, 1000)));
  }
}

double APeriod(const Population& population, Random* random) {
  return random->Uniform(3, std::max(3.5, population.snapshots() / 3.0));
}

// A load that swings; each session lives up to a period.
void PeriodicSessions(Population* population, Random* random) {
  const double period = APeriod(*population, random);
  const double phase = random->Uniform(0, 1);
  const double depth = random->Uniform(0.3, 1);
  const double rate = random->LogUniform(1, 100);
  for (int t = -static_cast<int>(period) - 1; t < population->snapshots();
       ++t) {
    const double swing = std::sin(2 * 3.14159265358979 * (t / period + phase));
    for (int i = random->Poisson(rate * (1 + depth * swing)); i > 0; --i) {
      population->Add(t, t + 1 + static_cast<int>(random->Uniform(0, period)));
    }
  }
}

// All that was made in a period is freed at its end: a saw.
void PeriodicPhases(Population* population, Random* random) {
  if (random->Whole(0, 1) == 0) AddShortNoise(population, random);
  const double period = APeriod(*population, random);
  const double phase = random->Uniform(0, 1);
  const double rate = random->LogUniform(1, 100);
  for (int t = -static_cast<int>(period) - 1; t < population->snapshots();
       ++t) {
    const double number = std::floor(t / period + phase);
    const int end = static_cast<int>(std::ceil((number + 1 - phase) * period));
    for (int i = random->Poisson(rate); i > 0; --i) {
      population->Add(t, std::max(end, t + 1));
    }
  }
}

// Bursts whose sizes have no variance; each lives for about two rounds.
void ParetoCounts(Population* population, Random* random) {
  const double exponent = random->Uniform(1.1, 1.9);
  for (int t = 0; t < population->snapshots(); ++t) {
    population->Add(t, t + random->Geometric(2),
                    std::floor(10 * random->Pareto(exponent)));
  }
}

void ParetoSizes(Population* population, Random* random) {
  const double exponent = random->Uniform(1.1, 1.9);
  const double mean_life = random->Uniform(2, 6);
  for (int t = 0; t < population->snapshots(); ++t) {
    const double births = t == 0 ? 100 : 100 / mean_life;
    for (int i = random->Poisson(births); i > 0; --i) {
      population->Add(t, t + random->Geometric(mean_life),
                      std::floor(16 * random->Pareto(exponent)));
    }
  }
}

// AR(1): each round's load is like the one before.
class SlowLoad {
 public:
  explicit SlowLoad(Random* random)
      : random_(random),
        memory_(random->Uniform(0.3, 0.95)),
        now_(random->Normal()) {}
  double Next() {
    const double before = now_;
    now_ =
        memory_ * now_ + std::sqrt(1 - memory_ * memory_) * random_->Normal();
    return before;
  }

 private:
  Random* random_;
  double memory_;
  double now_;
};

void SlowLoadOfShortLives(Population* population, Random* random) {
  SlowLoad load(random);
  for (int t = 0; t < population->snapshots(); ++t) {
    population->Add(t, t + 1,
                    std::max(0.0, std::floor(300 + 50 * load.Next())));
  }
}

void SlowLoadOfLives(Population* population, Random* random) {
  SlowLoad load(random);
  const double mean_life = random->Uniform(2, 6);
  for (int t = -20; t < population->snapshots(); ++t) {
    const double rate = std::max(0.0, 40 + 10 * load.Next());
    for (int i = random->Poisson(rate); i > 0; --i) {
      population->Add(t, t + random->Geometric(mean_life));
    }
  }
}

void LeakAlone(Population* population, Random*) { AddLeak<1>(population); }

template <int kPerRound>
void LeakInShortNoise(Population* population, Random* random) {
  AddShortNoise(population, random);
  AddLeak<kPerRound>(population);
}

template <int kPerRound>
void LeakInLivingNoise(Population* population, Random* random) {
  LivesOfRounds(population, random);
  AddLeak<kPerRound>(population);
}

void RareLeak(Population* population, Random* random) {
  AddShortNoise(population, random);
  for (int t = 0; t < population->snapshots(); ++t) {
    if (random->Whole(0, 2) == 0) population->Add(t, kNeverFreed);
  }
}

void LeakAfterWarmUp(Population* population, Random* random) {
  LeakInShortNoise<1>(population, random);
  for (int i = 0; i < 200; ++i) {
    population->Add(random->Whole(0, population->snapshots() / 10),
                    kNeverFreed);
  }
}

void LeakUnderPeriodicLoad(Population* population, Random* random) {
  PeriodicSessions(population, random);
  AddLeak<10>(population);
}

void LeakUnderSlowLoad(Population* population, Random* random) {
  SlowLoadOfShortLives(population, random);
  AddLeak<1>(population);
}

// One block that realloc moves each round: bytes, and it is always young.
void GrowingVector(Population* population, Random* random) {
  double bytes = 64;
  for (int t = 0; t < population->snapshots(); ++t) {
    population->Add(t, t + 1, bytes);
    bytes += random->Whole(0, 200);
  }
}

void DoublingVector(Population* population, Random*) {
  int birth = 0;
  double bytes = 64;
  for (int t = 0; t < population->snapshots(); ++t) {
    if (64 * (t + 1) <= bytes) continue;
    population->Add(birth, t, bytes);
    birth = t;
    bytes *= 2;
  }
  population->Add(birth, kNeverFreed, bytes);
}

}  // namespace

Random::Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {
  for (int i = 0; i < 16; ++i) Next();
}

uint64_t Random::Next() {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return state_ * 0x2545f4914f6cdd1du;
}

double Random::Uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(Next() >> 11) * 0x1p-53);
}

int Random::Whole(int low, int high) {
  return low + static_cast<int>(Uniform(0, high - low + 1));
}

double Random::LogUniform(double low, double high) {
  return std::exp(Uniform(std::log(low), std::log(high)));
}

int Random::Poisson(double mean) {
  int count = 0;
  for (; mean > 30; mean -= 30) count += Poisson(30);
  const double limit = std::exp(-mean);
  for (double left = Uniform(0, 1); left > limit; left *= Uniform(0, 1)) {
    ++count;
  }
  return count;
}

int Random::Geometric(double mean) {
  return 1 +
         static_cast<int>(std::log(1 - Uniform(0, 1)) / std::log(1 - 1 / mean));
}

double Random::Pareto(double exponent) {
  return std::pow(1 - Uniform(0, 1), -1 / exponent);
}

double Random::Normal() {
  double sum = -6;  // Irwin and Hall: twelve uniform ones have variance 1
  for (int i = 0; i < 12; ++i) sum += Uniform(0, 1);
  return sum;
}

void Population::Add(int birth, int death, double amount) {
  const int from = std::max(birth, 0);
  for (int t = from; t < std::min(death, snapshots_); ++t) {
    builder_.Add(static_cast<size_t>(t), static_cast<size_t>(from), amount);
  }
}

const std::vector<PopulationKind>& PopulationKinds() {
  constexpr Truth kNo = Truth::kDoesNotGrow;
  constexpr Truth kYes = Truth::kGrows;
  static const auto* const kinds = new std::vector<PopulationKind>{
      {"flat, +-50", kNo, AddShortNoise},
      {"flat, lives of 2-6 rounds", kNo, LivesOfRounds},
      {"flat, lives of 2-n/3 rounds", kNo, LivesOfAThird},
      {"cache that keeps all", kNo, CacheThatKeepsAll},
      {"cache that evicts", kNo, CacheThatEvicts},
      {"full cache that learns", kNo, FullCacheThatLearns},
      {"1-3 steps", kNo, Steps},
      {"periodic sessions", kNo, PeriodicSessions},
      {"periodic phases", kNo, PeriodicPhases},
      {"Pareto counts", kNo, ParetoCounts},
      {"Pareto sizes, lives of 2-6", kNo, ParetoSizes},
      {"AR(1) load", kNo, SlowLoadOfShortLives},
      {"AR(1) load, lives of 2-6", kNo, SlowLoadOfLives},
      {"1 a round, no noise", kYes, LeakAlone},
      {"1 a round, +-50", kYes, LeakInShortNoise<1>},
      {"3 a round, +-50", kYes, LeakInShortNoise<3>},
      {"10 a round, +-50", kYes, LeakInShortNoise<10>},
      {"30 a round, +-50", kYes, LeakInShortNoise<30>},
      {"1 in 3 rounds, +-50", kYes, RareLeak},
      {"1 a round, 200 at the start", kYes, LeakAfterWarmUp},
      {"1 a round, lives of 2-6", kYes, LeakInLivingNoise<1>},
      {"3 a round, lives of 2-6", kYes, LeakInLivingNoise<3>},
      {"10 a round, lives of 2-6", kYes, LeakInLivingNoise<10>},
      {"30 a round, lives of 2-6", kYes, LeakInLivingNoise<30>},
      {"1 a round, AR(1) load", kYes, LeakUnderSlowLoad},
      {"10 a round, periodic sessions", kYes, LeakUnderPeriodicLoad},
      {"vector, +0-200 bytes a round", kYes, GrowingVector},
      {"vector that doubles", kYes, DoublingVector},
  };
  return *kinds;
}

Series MadeSeries(const PopulationKind& kind, int snapshots, uint64_t seed,
                  int index) {
  uint64_t mixed = seed;
  for (const char* c = kind.name; *c != 0; ++c) {
    mixed = mixed * 1099511628211u + static_cast<unsigned char>(*c);
  }
  mixed = mixed * 1099511628211u + static_cast<uint64_t>(snapshots);
  mixed = mixed * 1099511628211u + static_cast<uint64_t>(index);
  Random random(mixed);
  Population population(snapshots);
  kind.fill(&population, &random);
  return population.series();
}

}  // namespace heapline
