// The loops of the surrogate-gradient rule: one pattern at a time. See surrogate_kernels.py.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "array.h"

namespace {

// Those of row i D + d - 1, from neuron i with delay d, are first[row] to first[row + 1].
struct Synapses {
    Array<const double> w;
    Array<const int32_t> post;
    Array<const int64_t> first;

    int64_t n_rows() const { return first.size - 1; }
};

// Those of step t are neuron[first[t]] to neuron[first[t + 1]].
template <class Neuron, class First>
struct SpikesOf {
    Array<Neuron> neuron;
    Array<First> first;
};
using Spikes = SpikesOf<const int32_t, const int64_t>;
using NewSpikes = SpikesOf<int32_t, int64_t>;

// Where a spike is wanted, and where it is not.
struct Pair {
    double wanted, other;
};

struct Part {
    int64_t low, high;
};

// The number in [0, 1) that belongs to a key and an index: splitmix64 (Steele et al. 2014).
double chance_of(uint64_t key, int64_t index) {
    uint64_t z = key + uint64_t(index + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z = z ^ (z >> 31);
    return double(z >> 11) * 0x1p-53;
}

struct Dropout {
    double fraction;
    uint64_t key;

    // What dropout makes of the input or current with this index: 0, or 1 / (1 - fraction).
    double factor(int64_t index) const {
        if (fraction == 0) return 1;
        return chance_of(key, index) < fraction ? 0 : 1 / (1 - fraction);
    }
};

// The indices of what can be dropped.
struct Sites {
    int64_t n_neurons, n_rows, n_steps;

    // That of a spike in a step, on its way to the synapses of a row.
    int64_t input(int64_t step, int64_t row) const { return step * n_rows + row; }

    // That of the current of a neuron in a step: after all inputs.
    int64_t current(int64_t step, int64_t neuron) const {
        return n_steps * n_rows + step * n_neurons + neuron;
    }
};

// The first of neurons begin to end - 1 with a potential of at least 1; `end` if there is none. Few
// have one, so that many are looked at together, in vectors.
int64_t next_at_threshold(const double* potential, int64_t begin, int64_t end) {
    constexpr int64_t block = 32;
    for (; begin + block <= end; begin += block) {
        int any = 0;
        for (int64_t k = 0; k < block; ++k) any |= potential[begin + k] >= 1;
        if (any) break;
    }
    while (begin < end && !(potential[begin] >= 1)) ++begin;
    return begin;
}

}  // namespace

extern "C" {

double chance(uint64_t key, int64_t index) { return chance_of(key, index); }

int64_t recall(
    Synapses synapses, Spikes forced, int64_t n_clamped, double beta, int64_t most_spikes,
    Dropout dropout, NewSpikes fired, Array<double> u
) {
    const int64_t n_steps = u.size, n_neurons = u.width, n_rows = synapses.n_rows();
    const int64_t n_delays = n_rows / n_neurons;
    const Sites sites = {n_neurons, n_rows, n_steps};
    std::vector<double> potentials(n_neurons), currents(n_neurons);
    double *ALONE potential = potentials.data(), *ALONE current = currents.data();
    const bool drops = dropout.fraction > 0;
    double* ALONE receiver = drops ? current : potential;
    int64_t count = 0;
    std::fill(fired.first.begin(), fired.first.end(), 0);
    for (int64_t t = 0; t < n_steps; ++t) {
        for (int64_t j = 0; j < n_neurons; ++j) potential[j] *= beta;
        if (drops) std::fill(currents.begin(), currents.end(), 0.0);
        for (int64_t d = std::min(n_delays, t); d > 0; --d) {
            for (int64_t k = fired.first[t - d]; k < fired.first[t - d + 1]; ++k) {
                const int64_t row = fired.neuron[k] * n_delays + d - 1;
                const double factor = dropout.factor(sites.input(t - d, row));
                if (factor > 0) {
                    const int64_t end = synapses.first[row + 1];
                    for (int64_t s = synapses.first[row]; s < end; ++s) {
                        receiver[synapses.post[s]] += factor * synapses.w[s];
                    }
                }
            }
        }
        if (drops) {
            for (int64_t j = 0; j < n_neurons; ++j) {
                potential[j] += dropout.factor(sites.current(t, j)) * current[j];
            }
        }
        std::copy(potentials.begin(), potentials.end(), u.row(t));
        if (t < n_clamped) {
            for (int64_t k = forced.first[t]; k < forced.first[t + 1]; ++k) {
                fired.neuron[count++] = forced.neuron[k];
            }
        } else {
            const auto next = [&](int64_t j) { return next_at_threshold(potential, j, n_neurons); };
            for (int64_t j = next(0); j < n_neurons; j = next(j + 1)) fired.neuron[count++] = j;
        }
        for (int64_t k = fired.first[t]; k < count; ++k) potential[fired.neuron[k]] = 0;
        fired.first[t + 1] = count;
        if (count > most_spikes) {
            std::fill(&fired.first[t + 1], fired.first.end(), count);
            return t + 1;
        }
    }
    return n_steps;
}

void outcomes(
    Spikes fired, Spikes target, int64_t begin, Array<int64_t> right, Array<int64_t> wrong,
    Array<int64_t> missed
) {
    for (const auto& counts : {right, wrong, missed}) std::fill(counts.begin(), counts.end(), 0);
    for (int64_t t = begin; t < right.size; ++t) {
        const int64_t end = fired.first[t + 1], last = target.first[t + 1];
        int64_t a = fired.first[t], b = target.first[t];
        while (a < end && b < last) {
            const int32_t here = fired.neuron[a], there = target.neuron[b];
            right[t] += here == there;
            a += here <= there;
            b += there <= here;
        }
        wrong[t] = end - fired.first[t] - right[t];
        missed[t] = last - target.first[t] - right[t];
    }
}

void differentiate(
    Synapses synapses, Spikes fired, Spikes target, int64_t begin, int64_t end, double beta,
    double slope, Pair widths, bool through_reset, Pair costs, Dropout dropout, Array<double> x
) {
    const int64_t n_neurons = x.width, n_rows = synapses.n_rows();
    const int64_t n_delays = n_rows / n_neurons;
    const Sites sites = {n_neurons, n_rows, x.size - n_delays};
    std::vector<char> spikes(n_neurons), wanted(n_neurons);
    std::vector<double> error(n_neurons);
    const auto mark = [](std::vector<char>& sites, const Spikes& raster, int64_t t, bool mark) {
        for (int64_t k = raster.first[t]; k < raster.first[t + 1]; ++k) {
            sites[raster.neuron[k]] = mark;
        }
    };
    for (int64_t t = end - 1; t >= 0; --t) {
        mark(spikes, fired, t, true);
        mark(wanted, target, t, true);
        for (int64_t i = 0; i < n_neurons; ++i) {
            const double u = x.row(t)[i], after = error[i];
            const double width = wanted[i] ? widths.wanted : widths.other;
            double felt = wanted[i] ? costs.wanted : costs.other;
            error[i] = spikes[i] ? 0.0 : beta * after;
            if (t >= begin && std::abs(u - 1) < width) {
                for (int64_t d = 1; d <= n_delays; ++d) {
                    const int64_t row = i * n_delays + d - 1;
                    const double factor = dropout.factor(sites.input(t, row));
                    if (factor > 0) {
                        const double* later = x.row(t + d);
                        const int64_t last = synapses.first[row + 1];
                        for (int64_t s = synapses.first[row]; s < last; ++s) {
                            felt += factor * synapses.w[s] * later[synapses.post[s]];
                        }
                    }
                }
                if (through_reset) felt -= beta * u * after;
                const double distance = 1 + slope * std::abs(u - 1);
                error[i] += felt / (distance * distance);
            }
            x.row(t)[i] = dropout.factor(sites.current(t, i)) * error[i];
        }
        mark(spikes, fired, t, false);
        mark(wanted, target, t, false);
    }
}

void collect(
    Synapses synapses, Spikes fired, Dropout dropout, Part part, Array<double> x,
    Array<double> gradient
) {
    const int64_t n_neurons = x.width, n_rows = synapses.n_rows();
    const int64_t n_delays = n_rows / n_neurons;
    const Sites sites = {n_neurons, n_rows, x.size - n_delays};
    for (int64_t t = 0; t < x.size - n_delays; ++t) {
        for (int64_t k = fired.first[t]; k < fired.first[t + 1]; ++k) {
            const int64_t i = fired.neuron[k];
            if (i < part.low || i >= part.high) continue;
            for (int64_t d = 1; d <= n_delays; ++d) {
                const int64_t row = i * n_delays + d - 1;
                const double factor = dropout.factor(sites.input(t, row));
                if (factor > 0) {
                    const double* ALONE later = x.row(t + d);
                    const int32_t* ALONE post = synapses.post.data;
                    double* ALONE sums = gradient.data;
                    const int64_t last = synapses.first[row + 1];
                    for (int64_t s = synapses.first[row]; s < last; ++s) {
                        sums[s] += factor * later[post[s]];
                    }
                }
            }
        }
    }
}

}  // extern "C"
