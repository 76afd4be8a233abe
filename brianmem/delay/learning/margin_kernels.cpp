// The loops of the margin rule: one postsynaptic neuron at a time. See margin_kernels.py.
//
// What is learned is single precision; what is lacking, and what is divided, is double.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "array.h"
#include "bitgen.h"

// Of NumPy's static library, which its Generator uses itself.
extern "C" int64_t random_poisson(bitgen_t* state, double mean);

namespace {

struct Lessons {
    Array<const int32_t> neuron, step;
    Array<const int64_t> first;
    int64_t n_neurons, n_delays, n_steps;
    float beta;
    Array<const float> decay;

    int64_t n_patterns() const { return first.size - 1; }
};

struct Targets {
    Array<const int32_t> step;
    Array<const int64_t> first;
};

struct Margins {
    float upper, lower;
};

struct Heads {
    int64_t n, end;
    Margins margins;
    double deletion, insertion;
};

struct Noise {
    double deletion, insertion;
};

struct Levels {
    float spacing;
    int64_t n;
};

// What `examine` finds; the fewer patterns with an error the better, then the smaller lack.
struct Left {
    int64_t n_wrong;
    double lack;
};

struct Rounded {
    int64_t n_sweeps;
    Left left;
};

// All lie before the step `end`, and only steps before it are taught.
struct Spikes {
    const int32_t *neuron, *step;
    int64_t n, end;
};

struct Steps {
    const int32_t* step;
    int64_t n;
};

Spikes of_pattern(const Lessons& lessons, int64_t m) {
    const int64_t first = lessons.first[m];
    const int64_t n = lessons.first[m + 1] - first;
    return {&lessons.neuron[first], &lessons.step[first], n, lessons.n_steps};
}

Steps of_pattern(const Targets& own, int64_t m) {
    const int64_t first = own.first[m];
    return {&own.step[first], own.first[m + 1] - first};
}

// The synapses of one neuron: potentials of all, or weights of some, one after another or in whole
// rows. What is learned with is given to every loop as one of these three.
struct Dense {
    Array<float> v;
    const Lessons& lessons;
    std::vector<float> beyond;
    std::vector<int32_t> coming;

    Dense(Array<float> v, const Lessons& lessons)
        : v(v), lessons(lessons), beyond(lessons.n_steps), coming(lessons.n_steps) {}

    int64_t reach() const { return std::max(v.width, lessons.n_delays); }

    // U(t) of one pattern; v[i, d] is what a spike of i leaves d + 1 steps later.
    void potential(const Spikes& spikes, std::vector<float>& u) const {
        std::fill(u.begin(), u.end(), 0.0f);
        for (int64_t k = 0; k < spikes.n; ++k) {
            const float* ALONE row = v.row(spikes.neuron[k]);
            float* ALONE after = &u[spikes.step[k] + 1];
#pragma GCC unroll 4
            for (int64_t d = 0; d < v.width; ++d) after[d] += row[d];
        }
    }

    // Add delta(t) to V[i, t - t_i] of every input spike; beyond D only V[i, D] is free.
    //
    // Few steps lack anything, so most spikes are passed over: coming(t) is the first step after t
    // with something to learn, and beyond(t) what V[i, D] of a spike in t can do about all steps
    // after t + D.
    void learn(const Spikes& spikes, std::vector<float>& delta) {
        const int64_t n_delays = lessons.n_delays, length = v.width;
        const float* ALONE decay = lessons.decay.data;
        float felt = 0;
        int64_t first = lessons.n_steps + length;
        for (int64_t t = spikes.end - 1; t >= 0; --t) {
            felt = decay[1] * (felt + delta[t + n_delays + 1]);
            beyond[t] = felt;
            coming[t] = first;
            if (delta[t] != 0) first = t;
        }
        for (int64_t k = 0; k < spikes.n; ++k) {
            const int64_t step = spikes.step[k];
            if (coming[step] > step + length) continue;
            float* ALONE row = v.row(spikes.neuron[k]);
            const float* ALONE after = &delta[step + 1];
            for (int64_t d = 0; d < n_delays; ++d) row[d] += after[d];
            row[n_delays - 1] += beyond[step];
            const float last = row[n_delays - 1];
            float* ALONE tail = row + n_delays;
            for (int64_t d = 0; d < length - n_delays; ++d) tail[d] = decay[d + 1] * last;
        }
    }

    // Sum over all steps t' of the inner product of what is learned from t and from t', plus 0.5.
    //
    // A spike of the last D steps takes part in one t' only. One beyond D is felt by beta^k in all
    // that follow, through V[i, D].
    void overlaps(const Spikes& spikes, float* overlap) const {
        const int64_t n_delays = lessons.n_delays;
        const float beta = lessons.beta;
        const double rest = 1.0 - beta;
        std::vector<int32_t> counts(spikes.end);
        for (int64_t k = 0; k < spikes.n; ++k) ++counts[spikes.step[k]];
        int64_t recent = 0;
        double beyond = 0;
        for (int64_t t = 0; t < spikes.end; ++t) {
            overlap[t] = recent + beyond * beta / rest + 0.5;
            recent += counts[t];
            if (t >= n_delays) {
                recent -= counts[t - n_delays];
                beyond += counts[t - n_delays];
            }
            beyond *= beta;
        }
    }

    float* begin() const { return v.begin(); }
    float* end() const { return v.end(); }
};

// What a membrane keeps: u(t) += beta u(t - 1).
void leak(std::vector<float>& u, const Lessons& lessons) {
    const float beta = lessons.beta;
    for (int64_t t = 1; t < lessons.n_steps; ++t) u[t] += beta * u[t - 1];
}

// What an input in each step could have done about delta in all later ones.
void leak_back(std::vector<float>& delta, const Lessons& lessons) {
    const float beta = lessons.beta;
    std::fill(delta.begin() + lessons.n_steps, delta.end(), 0.0f);
    for (int64_t t = lessons.n_steps - 2; t >= 0; --t) delta[t] += beta * delta[t + 1];
}

struct Sparse {
    Array<float> w;
    Array<const int64_t> first;  // synapses first[i] to first[i + 1] are those from neuron i
    Array<const int32_t> delay;
    const Lessons& lessons;

    int64_t reach() const { return lessons.n_delays; }

    // Call a function of a synapse and the step in which a spike arrives there, for all spikes.
    template <class Function>
    void arrivals(const Spikes& spikes, Function function) const {
        for (int64_t k = 0; k < spikes.n; ++k) {
            const int64_t step = spikes.step[k], neuron = spikes.neuron[k];
            const int64_t end = first[neuron + 1];
            for (int64_t s = first[neuron]; s < end; ++s) function(s, step + delay[s]);
        }
    }

    // U(t) of one pattern.
    void potential(const Spikes& spikes, std::vector<float>& u) const {
        std::fill(u.begin(), u.end(), 0.0f);
        arrivals(spikes, [&](int64_t s, int64_t t) { u[t] += w[s]; });
        leak(u, lessons);
    }

    // Add to each synapse what its spikes could have done about delta at all later steps.
    void learn(const Spikes& spikes, std::vector<float>& delta) const {
        leak_back(delta, lessons);
        arrivals(spikes, [&](int64_t s, int64_t t) { w[s] += delta[t]; });
    }

    // As for Dense; inputs on a support are felt by beta^k from the step they arrive in.
    void overlaps(const Spikes& spikes, float* overlap) const {
        const float beta = lessons.beta;
        const double rest = 1.0 - beta;
        const int64_t n_steps = lessons.n_steps;
        std::fill(overlap, overlap + n_steps, 0.0f);
        arrivals(spikes, [&](int64_t, int64_t t) {
            if (t < n_steps) overlap[t] += 1;
        });
        float felt = 0;
        for (int64_t t = 0; t < n_steps; ++t) {
            felt = beta * felt + overlap[t];
            overlap[t] = felt / rest + 0.5;
        }
    }

    void give(const Array<float>& to) const { std::copy(w.begin(), w.end(), to.data); }

    float* begin() const { return w.begin(); }
    float* end() const { return w.end(); }
};

// The same weights in rows of all delays, with zeros where there is no synapse: more of them, but a
// vector at a time. All sums are those of Sparse: a zero more changes none.
struct Rows {
    static constexpr int64_t block = 8;
    const Sparse& some;
    const Lessons& lessons;
    int64_t pitch;
    std::vector<float> w;
    std::vector<uint32_t> kept;  // all bits of a synapse, none elsewhere

    explicit Rows(const Sparse& some)
        : some(some), lessons(some.lessons),
          pitch((lessons.n_delays + block - 1) / block * block),
          w(lessons.n_neurons * pitch), kept(w.size()) {
        synapses([&](int64_t s, int64_t place) {
            w[place] = some.w[s];
            kept[place] = ~uint32_t(0);
        });
    }

    // Where at least one in eight of all synapses is there, rows are faster.
    static bool are_for(const Sparse& some) {
        return 8 * some.w.size >= some.lessons.n_neurons * some.lessons.n_delays;
    }

    template <class Function>
    void synapses(Function function) const {
        for (int64_t i = 0; i < lessons.n_neurons; ++i) {
            for (int64_t s = some.first[i]; s < some.first[i + 1]; ++s) {
                function(s, i * pitch + some.delay[s] - 1);
            }
        }
    }

    void give(const Array<float>& to) const {
        synapses([&](int64_t s, int64_t place) { to[s] = w[place]; });
    }

    int64_t reach() const { return pitch; }

    void potential(const Spikes& spikes, std::vector<float>& u) const {
        std::fill(u.begin(), u.end(), 0.0f);
        for (int64_t k = 0; k < spikes.n; ++k) {
            const float* ALONE row = &w[spikes.neuron[k] * pitch];
            float* ALONE after = &u[spikes.step[k] + 1];
            for (int64_t d = 0; d < pitch; d += block) {
                for (int64_t b = d; b < d + block; ++b) after[b] += row[b];
            }
        }
        leak(u, lessons);
    }

    void learn(const Spikes& spikes, std::vector<float>& delta) {
        leak_back(delta, lessons);
        for (int64_t k = 0; k < spikes.n; ++k) {
            float* ALONE row = &w[spikes.neuron[k] * pitch];
            const uint32_t* ALONE mask = &kept[spikes.neuron[k] * pitch];
            const float* ALONE after = &delta[spikes.step[k] + 1];
            for (int64_t d = 0; d < pitch; d += block) {
                for (int64_t b = d; b < d + block; ++b) row[b] += if_kept(after[b], mask[b]);
            }
        }
    }

    void overlaps(const Spikes& spikes, float* overlap) const { some.overlaps(spikes, overlap); }

    static float if_kept(float value, uint32_t mask) {
        uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        bits &= mask;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }

    float* begin() { return w.data(); }
    float* end() { return w.data() + w.size(); }
};

// The first of steps begin to end - 1 with a potential above a bound; `end` if there is none. Few
// are, so that many steps are looked at together, in vectors.
int64_t next_above(const float* u, int64_t begin, int64_t end, float bound) {
    constexpr int64_t block = 32;
    for (; begin + block <= end; begin += block) {
        int any = 0;
        for (int64_t k = 0; k < block; ++k) any |= u[begin + k] > bound;
        if (any) break;
    }
    while (begin < end && !(u[begin] > bound)) ++begin;
    return begin;
}

// The largest of single precision that is at most x: what is above one is above the other.
float rounded_down(double x) {
    const float nearest = x;
    return nearest > x ? std::nextafter(nearest, -INFINITY) : nearest;
}

// delta(t) for begin <= t < end: what is missing to the margins, divided among the inputs.
//
// decay holds the powers of beta; beyond them a reset is forgotten. All steps of a pattern are
// mended at once, each as if all others were mended the same way: divided by the sum of its
// overlaps with them, a correction cannot overshoot.
//
// Returns the largest part of its margin that a step lacks: above 0 a margin is not met, above 1
// the step is on the wrong side of the threshold, which is 1.
double corrections(
    const std::vector<float>& u, const Steps& target, int64_t begin, int64_t end,
    const Margins& margins, float rate, const float* overlap, const Array<const float>& decay,
    std::vector<float>& delta
) {
    std::fill(delta.begin(), delta.end(), 0.0f);
    double worst = -1;
    const auto [upper, lower] = margins;
    const double silent = 1.0 - lower, firing = 1.0 + upper;
    const float bound = rounded_down(silent);
    const int64_t reach = decay.size - 1;
    // of the overlaps of steps that share a reset
    const double after_reset = decay[1] / (1.0 - decay[1]);
    int64_t last = -reach - 1;  // the last own target, where the potential was reset
    int64_t q = 0;
    for (; q < target.n && target.step[q] < begin; ++q) last = target.step[q];
    for (int64_t t = begin; t < end;) {
        const int64_t following =
            q < target.n && target.step[q] < end ? int64_t(target.step[q]) : end;
        const int64_t near = std::min(following, std::max(t, last + reach + 1));
        for (int64_t k = t; k < near; ++k) {
            const float factor = decay[k - last];
            const double excess = u[k] - factor * u[last] - silent;
            if (excess > 0) {
                const double change =
                    rate * excess / (overlap[k] + factor * after_reset * overlap[last]);
                delta[k] -= change;
                delta[last] += factor * change;
                worst = std::max(worst, excess / lower);
            }
        }
        const auto next = [&](int64_t k) { return next_above(u.data(), k, following, bound); };
        for (int64_t k = next(near); k < following; k = next(k + 1)) {
            const double excess = u[k] - silent;
            delta[k] = -rate * excess / overlap[k];
            worst = std::max(worst, excess / lower);
        }
        if (following < end) {
            double lack = firing - u[following], shared = overlap[following];
            float factor = 0;
            if (following - last <= reach) {
                factor = decay[following - last];
                lack += factor * u[last];
                shared += factor * after_reset * overlap[last];
            }
            if (lack > 0) {
                const double change = rate * lack / shared;
                delta[following] += change;
                if (factor > 0) delta[last] -= factor * change;
                worst = std::max(worst, lack / upper);
            }
            last = following;
            ++q;
        }
        t = following + 1;
    }
    return worst;
}

// A pattern whose spikes before the step `until` are deleted by chance, and others inserted; cut at
// the step `end`.
struct Corrupted {
    std::vector<int32_t> neuron, step;

    explicit Corrupted(int64_t room) : neuron(room), step(room) {}

    Spikes draw(
        const Spikes& spikes, int64_t n_neurons, int64_t until, double deletion, double insertion,
        int64_t end, bitgen_t* rng
    ) {
        int64_t count = 0, n_cut = 0;
        auto add = [&](int32_t i, int32_t t) {
            neuron[count] = i;
            step[count] = t;
            ++count;
        };
        const auto random = [&] { return rng->next_double(rng->state); };
        for (int64_t k = 0; k < spikes.n; ++k) {
            if (spikes.step[k] >= end) {
                ++n_cut;
            } else if (spikes.step[k] >= until || random() >= deletion) {
                add(spikes.neuron[k], spikes.step[k]);
            }
        }
        const int64_t room = int64_t(neuron.size()) - count - n_cut;
        const int64_t more = std::min(room, random_poisson(rng, insertion * n_neurons * until));
        for (int64_t k = 0; k < more; ++k) {
            const int32_t i = int64_t(n_neurons * random());
            add(i, int64_t(until * random()));
        }
        return {neuron.data(), step.data(), count, end};
    }
};

// The overlaps of the patterns as they are, (M, T): they stay the same in all sweeps.
template <class Synapses>
std::vector<float> clean_overlaps(const Synapses& synapses, const Lessons& lessons) {
    std::vector<float> overlaps(lessons.n_patterns() * lessons.n_steps);
    for (int64_t m = 0; m < lessons.n_patterns(); ++m) {
        synapses.overlaps(of_pattern(lessons, m), &overlaps[m * lessons.n_steps]);
    }
    return overlaps;
}

int64_t room_of_spikes(const Lessons& lessons, double insertion) {
    int64_t most = 0;
    for (int64_t m = 0; m < lessons.n_patterns(); ++m) {
        most = std::max(most, of_pattern(lessons, m).n);
    }
    return 2 * most + int64_t(4 * lessons.n_neurons * lessons.n_steps * insertion) + 100;
}

template <class Synapses>
int64_t fit(
    Synapses& synapses, const Lessons& lessons, const Targets& own, const Array<const int64_t>& order,
    int64_t begin, const Margins& margins, const Array<const float>& rates, const Heads& heads,
    const Noise& whole, int64_t n_averaged, bitgen_t* rng
) {
    const int64_t n_neurons = lessons.n_neurons, n_steps = lessons.n_steps;
    const bool noisy = heads.n > 0 || whole.deletion > 0 || whole.insertion > 0;
    const int64_t room = n_steps + synapses.reach() + 1;
    std::vector<float> u(room), delta(room), noisy_overlap(n_steps);
    const std::vector<float> overlaps = clean_overlaps(synapses, lessons);
    Corrupted corrupted(room_of_spikes(lessons, std::max(heads.insertion, whole.insertion)));
    std::vector<float> total(n_averaged > 1 ? synapses.end() - synapses.begin() : 0);
    const int64_t n_sweeps = order.size;
    for (int64_t sweep = 0; sweep < n_sweeps; ++sweep) {
        double worst = -1;
        for (int64_t place = 0; place < order.width; ++place) {
            const int64_t m = order.row(sweep)[place];
            for (int64_t copy = 0; copy <= heads.n; ++copy) {
                const Spikes clean = of_pattern(lessons, m);
                Spikes spikes = clean;
                const bool head = copy > 0;
                bool changed = head;
                if (head) {
                    spikes = corrupted.draw(
                        clean, n_neurons, lessons.n_delays, heads.deletion, heads.insertion,
                        heads.end, rng
                    );
                } else if (whole.deletion + whole.insertion > 0 && sweep % 3 > 0) {
                    const double strength = sweep % 3 == 1 ? 1.0 : rng->next_double(rng->state);
                    spikes = corrupted.draw(
                        clean, n_neurons, n_steps, strength * whole.deletion,
                        strength * whole.insertion, n_steps, rng
                    );
                    changed = true;
                }
                const float* overlap = &overlaps[m * n_steps];
                if (changed) {
                    synapses.overlaps(spikes, noisy_overlap.data());
                    overlap = noisy_overlap.data();
                }
                synapses.potential(spikes, u);
                const double lack = corrections(
                    u, of_pattern(own, m), begin, spikes.end, head ? heads.margins : margins,
                    rates[sweep], overlap, lessons.decay, delta
                );
                worst = std::max(worst, lack);
                if (lack > 0) synapses.learn(spikes, delta);
            }
        }
        if (worst < 0.5 && !noisy) return sweep + 1;
        if (n_averaged > 1 && sweep >= n_sweeps - n_averaged) {
            const float* learned = synapses.begin();
            for (size_t k = 0; k < total.size(); ++k) total[k] += learned[k];
        }
    }
    if (n_averaged > 1) {
        float* learned = synapses.begin();
        const double n = std::min(n_averaged, n_sweeps);
        for (size_t k = 0; k < total.size(); ++k) learned[k] = total[k] / n;
    }
    return n_sweeps;
}

template <class Synapses>
Left look_at(
    const Synapses& synapses, const Lessons& lessons, const Targets& own, int64_t begin,
    const Margins& margins
) {
    const int64_t room = lessons.n_steps + synapses.reach() + 1;
    std::vector<float> u(room), delta(room);
    const std::vector<float> overlap(lessons.n_steps, 1.0f);
    Left left = {0, -1};
    for (int64_t m = 0; m < lessons.n_patterns(); ++m) {
        synapses.potential(of_pattern(lessons, m), u);
        const double lack = corrections(
            u, of_pattern(own, m), begin, lessons.n_steps, margins, 1, overlap.data(),
            lessons.decay, delta
        );
        left.n_wrong += lack > 1;
        left.lack = std::max(left.lack, lack);
    }
    return left;
}

// The nearest of evenly spaced values, symmetric about 0, of each weight.
void nearest_levels(const Array<float>& w, Levels levels, float* seen) {
    const float spacing = levels.spacing;
    const float top = 0.5f * spacing * float(levels.n - 1);
    const float shift = 0.5f * float((levels.n - 1) % 2);  // an even number of levels leaves out 0
    for (int64_t k = 0; k < w.size; ++k) {
        w[k] = std::min(std::max(w[k], -top), top);
        const float level = spacing * (std::rint(w[k] / spacing - shift) + shift);
        seen[k] = std::min(std::max(level, -top), top);
    }
}

void nearest_levels(const Sparse& hidden, Levels levels, Sparse& shown) {
    nearest_levels(hidden.w, levels, shown.w.data);
}

void nearest_levels(Rows& hidden, Levels levels, Rows& shown) {
    const int64_t size = hidden.w.size();
    nearest_levels({hidden.w.data(), size, 1}, levels, shown.w.data());
    for (int64_t k = 0; k < size; ++k) shown.w[k] = Rows::if_kept(shown.w[k], shown.kept[k]);
}

// Corrections go to the hidden weights, potentials are those of their levels, which are shown.
template <class Synapses>
Rounded fit_rounded(
    Synapses& hidden, Synapses& shown, Levels levels, const Lessons& lessons, const Targets& own,
    const Array<const int64_t>& order, int64_t begin, const Margins& margins,
    const Array<const float>& rates, const Array<float>& best
) {
    const int64_t n_steps = lessons.n_steps, room = n_steps + shown.reach() + 1;
    std::vector<float> u(room), delta(room);
    const std::vector<float> overlaps = clean_overlaps(hidden, lessons);
    const auto found = [&] { return look_at(shown, lessons, own, lessons.n_delays, margins); };
    nearest_levels(hidden, levels, shown);
    shown.give(best);
    Left left = found();
    for (int64_t sweep = 0; sweep < order.size; ++sweep) {
        if (left.n_wrong == 0 && left.lack < 0.5) return {sweep, left};
        for (int64_t place = 0; place < order.width; ++place) {
            const int64_t m = order.row(sweep)[place];
            const Spikes spikes = of_pattern(lessons, m);
            shown.potential(spikes, u);
            const double lack = corrections(
                u, of_pattern(own, m), begin, n_steps, margins, rates[sweep],
                &overlaps[m * n_steps], lessons.decay, delta
            );
            if (lack > 0) {
                hidden.learn(spikes, delta);
                nearest_levels(hidden, levels, shown);
            }
        }
        const Left now = found();
        if (now.n_wrong < left.n_wrong || (now.n_wrong == left.n_wrong && now.lack < left.lack)) {
            shown.give(best);
            left = now;
        }
    }
    return {order.size, left};
}

}  // namespace

extern "C" {

int64_t fit_neuron(
    bool dense, Array<float> v, Array<float> w, Array<const int64_t> first,
    Array<const int32_t> delay, Lessons lessons, Targets own, Array<const int64_t> order,
    int64_t begin, Margins margins, Array<const float> rates, Heads heads, Noise whole,
    int64_t n_averaged, bitgen_t* rng
) {
    const auto teach = [&](auto& synapses) {
        return fit(
            synapses, lessons, own, order, begin, margins, rates, heads, whole, n_averaged, rng
        );
    };
    if (dense) {
        Dense all(v, lessons);
        return teach(all);
    }
    Sparse some = {w, first, delay, lessons};
    if (!Rows::are_for(some)) return teach(some);
    Rows rows(some);
    const int64_t n_sweeps = teach(rows);
    rows.give(w);
    return n_sweeps;
}

Left examine(
    bool dense, Array<float> v, Array<float> w, Array<const int64_t> first,
    Array<const int32_t> delay, Lessons lessons, Targets own, int64_t begin, Margins margins
) {
    if (dense) return look_at(Dense(v, lessons), lessons, own, begin, margins);
    return look_at(Sparse{w, first, delay, lessons}, lessons, own, begin, margins);
}

void quantise(Array<float> w, Levels levels, Array<float> seen) {
    nearest_levels(w, levels, seen.data);
}

Rounded fit_levels(
    Array<float> w, Array<const int64_t> first, Array<const int32_t> delay, Levels levels,
    Lessons lessons, Targets own, Array<const int64_t> order, int64_t begin, Margins margins,
    Array<const float> rates, Array<float> best
) {
    const auto teach = [&](auto& hidden, auto& shown) {
        return fit_rounded(
            hidden, shown, levels, lessons, own, order, begin, margins, rates, best
        );
    };
    Sparse some = {w, first, delay, lessons};
    if (Rows::are_for(some)) {
        Rows hidden(some), shown(some);
        const Rounded found = teach(hidden, shown);
        hidden.give(w);
        return found;
    }
    std::vector<float> seen(w.size);
    Sparse shown = {{seen.data(), w.size, 1}, first, delay, lessons};
    return teach(some, shown);
}

}  // extern "C"
