/* The exact event loop of leaky neurons that share tau, drive and bias, without exp or log per spike.

In the growing frame, where s = exp(time/tau), the state X = s (v - drive) + A is constant between
spikes. A is common to all neurons and keeps X small: every weight is split into W - lift, and only
A, in double, sees the lift. A neuron fires when (A - X)/s, its distance to the drive, has come down
to the bias. The largest X is therefore always next, at s = (A - X)/bias. Its spike adds s W to X
and s lift to A. Where W = E D with E = [I; -I], neurons k and k + K see the same input with opposite
signs: X_k = C_k + Y_k and X_(k+K) = C_(k+K) - Y_k, and a spike moves the K values Y only.

Vectors are GCC's: the same source becomes AVX-512, AVX2 or SSE code, with the same results. */
#ifndef BRIANMEM_GROWING_FRAME_H
#define BRIANMEM_GROWING_FRAME_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "elementary.h"
#include "record.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define BRIANMEM_FOR_EVERY_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BRIANMEM_FOR_EVERY_CPU
#endif
#define BRIANMEM_INLINE inline __attribute__((always_inline))

namespace brianmem {

/* Spikes that differ by less than this many tau count as simultaneous: the lowest index comes first.
   Single precision has no digits to spare; there, equal numbers tie. */
template <typename real> struct Precision {};
template <> struct Precision<float> {
    typedef int32_t index;
    static double tie() { return 0; }
    static const index* counting() {
        static const index numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        return numbers;
    }
};
template <> struct Precision<double> {
    typedef int64_t index;
    static double tie() { return 1e-12; }
    static const index* counting() {
        static const index numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};
        return numbers;
    }
};

/* s starts again from 1 beyond this: a power of two, so that nothing is rounded. */
const double GROWTH = 18446744073709551616.0;

/* A network in the growing frame. `columns` holds what a spike adds, a padded column per neuron. */
template <typename real>
struct Frame {
    long n;       // neurons
    long padded;  // length of a column, a multiple of Lanes<real>::width
    const real* columns;
    const real* own;  // mirrored state only: what a spike adds to its own neuron besides
    double lift, tau, drive, bias;
};

/* A register full of numbers. Element i of an array stands in lane i / count of register i % count,
   where count is the number of registers: so the lowest lane has the lowest indices. */
template <typename real>
struct Lanes {
    typedef typename Precision<real>::index index;
    static const long width = 64 / sizeof(real);
    typedef real values __attribute__((vector_size(64)));
    typedef index indices __attribute__((vector_size(64)));

    static BRIANMEM_INLINE values load(const real* from) {
        values v;
        std::memcpy(&v, from, sizeof v);
        return v;
    }
    static BRIANMEM_INLINE void store(real* to, const values& v) { std::memcpy(to, &v, sizeof v); }
    static BRIANMEM_INLINE values lowest() {
        return values{} - std::numeric_limits<real>::infinity();
    }
    static BRIANMEM_INLINE indices numbers() {
        indices v;
        std::memcpy(&v, Precision<real>::counting(), sizeof v);
        return v;
    }
    static BRIANMEM_INLINE long place(long i, long count) { return (i % count) * width + i / count; }
};

/* x[place] += value, as a whole register: the next load need not wait for a part of it. */
template <typename real>
BRIANMEM_INLINE void add_to_one(real* x, long place, real value) {
    typedef Lanes<real> L;
    const typename L::indices here = L::numbers() == (typename L::index)(place % L::width);
    real* const from = x + place / L::width * L::width;
    const typename L::values old = L::load(from);
    L::store(from, here ? old + value : old);
}

struct Larger {
    template <typename T> static BRIANMEM_INLINE T of(const T& a, const T& b) { return b > a ? b : a; }
};
struct Smaller {
    template <typename T> static BRIANMEM_INLINE T of(const T& a, const T& b) { return b < a ? b : a; }
};

/* The larger or smaller of all lanes, by folding halves. */
template <typename choice, typename number, typename vector>
BRIANMEM_INLINE number fold(const vector& v) {
    typedef number half __attribute__((vector_size(32)));
    typedef number quarter __attribute__((vector_size(16)));
    half halves[2];
    quarter quarters[2];
    number lane[16 / sizeof(number)];
    std::memcpy(halves, &v, sizeof v);
    halves[0] = choice::of(halves[0], halves[1]);
    std::memcpy(quarters, &halves[0], sizeof quarters);
    quarters[0] = choice::of(quarters[0], quarters[1]);
    std::memcpy(lane, &quarters[0], sizeof lane);
    number best = lane[0];
    for (unsigned k = 1; k < 16 / sizeof(number); k++) best = choice::of(best, lane[k]);
    return best;
}

/* Registers are compared in groups: only the first register of the best group is remembered. */
const long GROUP = 4;
const long LANE = 1 << 24;  // keys are lane * LANE + register, in the order of the indices

/* The largest number of each lane, and the key of the group that holds it. */
template <typename real>
struct Best {
    typedef Lanes<real> L;
    typename L::values value, limit;
    typename L::indices key, here;
    const real tie;

    BRIANMEM_INLINE Best(real tie) : value(L::lowest()), limit(L::lowest()), tie(tie) {
        key = here = L::numbers() * (typename L::index)LANE;
    }
    BRIANMEM_INLINE void see(const typename L::values& group) {
        const typename L::indices better = group > limit;
        value = better ? group : value;
        limit = better ? group + tie : limit;
        key = better ? here : key;
        here += (typename L::index)GROUP;
    }
    BRIANMEM_INLINE typename L::indices reaching(real bound) const {
        return value >= bound ? key : key | std::numeric_limits<typename L::index>::max();
    }
};

/* How many elements of a lane's group precede the first that is not below; without a guess. */
BRIANMEM_INLINE long ahead_of_first(bool below_0, bool below_1, bool below_2) {
    return (long)below_0 + (long)(below_0 & below_1) + (long)(below_0 & below_1 & below_2);
}

/* State X of all N neurons. */
template <typename real>
struct Dense {
    typedef Lanes<real> L;
    const Frame<real>& net;
    const long count;
    real* const x;
    long next, place;  // who fires next, and where its X stands

    static long room(const Frame<real>& net) { return net.padded + GROUP * L::width; }
    BRIANMEM_INLINE Dense(const Frame<real>& net, real* scratch)
        : net(net), count(net.padded / L::width), x(scratch), next(-1), place(0) {}

    BRIANMEM_INLINE void load(const double* v, double common) {
        for (long i = 0; i < net.padded; i++)
            x[L::place(i, count)] = i < net.n ? (real)(v[i] - net.drive + common)
                                              : -std::numeric_limits<real>::infinity();
    }
    BRIANMEM_INLINE void unload(double* v, double common, double s) const {
        for (long i = 0; i < net.n; i++)
            v[i] = net.drive + ((double)x[L::place(i, count)] - common) / s;
    }
    BRIANMEM_INLINE void scale(real factor) {
        for (long i = 0; i < net.padded; i++) x[i] *= factor;
    }
    BRIANMEM_INLINE double reach() const { return x[place]; }

    static BRIANMEM_INLINE typename L::values move(real* x, const real* column, real s, long k) {
        const typename L::values moved =
            L::load(x + k * L::width) + s * L::load(column + k * L::width);
        L::store(x + k * L::width, moved);
        return moved;
    }
    /* Add s times the column of `next`, if there is one, and find who follows. */
    BRIANMEM_INLINE void fire(real s, real tie) {
        // Copies, so that the compiler knows that storing x changes none of them.
        const real* const column = net.columns + (next < 0 ? 0 : next * net.padded);
        real* const x = this->x;
        const long count = this->count;
        if (next < 0) s = 0;
        Best<real> best(tie);
        long k = 0;
        for (; k + GROUP <= count; k += GROUP) {
            const typename L::values a = Larger::of(move(x, column, s, k), move(x, column, s, k + 1));
            const typename L::values b = Larger::of(move(x, column, s, k + 2), move(x, column, s, k + 3));
            best.see(Larger::of(a, b));
        }
        if (k < count) {
            typename L::values top = move(x, column, s, k);
            for (k++; k < count; k++) top = Larger::of(top, move(x, column, s, k));
            best.see(top);
        }
        const real bound = fold<Larger, real>(best.value) - tie;
        const unsigned long key = fold<Smaller, typename L::index>(best.reaching(bound));
        const long lane = key / LANE;
        const real* const group = x + key % LANE * L::width + lane;
        const long row = key % LANE + ahead_of_first(group[0] < bound, group[L::width] < bound,
                                                     group[2 * L::width] < bound);
        place = row * L::width + lane;
        next = lane * count + row;
    }
};

/* State Y, C of mirrored neurons: K values move with a spike. */
template <typename real>
struct Mirrored {
    typedef Lanes<real> L;
    const Frame<real>& net;
    const long count, latents;
    real *const y, *const up, *const down;  // down follows up
    long next, place, side;
    real sign;

    static long room(const Frame<real>& net) { return 3 * net.padded + GROUP * L::width; }
    BRIANMEM_INLINE Mirrored(const Frame<real>& net, real* scratch)
        : net(net), count(net.padded / L::width), latents(net.n / 2), y(scratch),
          up(scratch + net.padded), down(scratch + 2 * net.padded), next(-1), place(0), side(0),
          sign(1) {}

    BRIANMEM_INLINE void load(const double* v, double common) {
        for (long k = 0; k < net.padded; k++) {
            const long at = L::place(k, count);
            const bool real_one = k < latents;
            y[at] = real_one ? (real)(0.5 * (v[k] - v[k + latents])) : 0;
            up[at] = down[at] = real_one
                ? (real)(0.5 * (v[k] + v[k + latents]) - net.drive + common)
                : -std::numeric_limits<real>::infinity();
        }
    }
    BRIANMEM_INLINE void unload(double* v, double common, double s) const {
        for (long k = 0; k < latents; k++) {
            const long at = L::place(k, count);
            v[k] = net.drive + ((double)up[at] - common + (double)y[at]) / s;
            v[k + latents] = net.drive + ((double)down[at] - common - (double)y[at]) / s;
        }
    }
    BRIANMEM_INLINE void scale(real factor) {
        for (long k = 0; k < 3 * net.padded; k++) y[k] *= factor;
    }
    BRIANMEM_INLINE double reach() const {
        return up[side + place] + sign * y[place];
    }

    static BRIANMEM_INLINE void move(real* y, const real* column, const real* up, const real* down,
                                     real s, long k, typename L::values& plus,
                                     typename L::values& minus) {
        const long at = k * L::width;
        const typename L::values moved = L::load(y + at) + s * L::load(column + at);
        L::store(y + at, moved);
        plus = Larger::of(plus, L::load(up + at) + moved);
        minus = Larger::of(minus, L::load(down + at) - moved);
    }
    BRIANMEM_INLINE void fire(real s, real tie) {
        const real* const column = net.columns + (next < 0 ? 0 : next * net.padded);
        real *const y = this->y, *const up = this->up, *const down = this->down;
        const long count = this->count, latents = this->latents;
        if (next < 0) s = 0;
        else add_to_one(up + side, place, s * net.own[next]);
        Best<real> best_up(tie), best_down(tie);
        long k = 0;
        for (; k + GROUP <= count; k += GROUP) {
            typename L::values plus = L::lowest(), minus = L::lowest();
            for (long i = k; i < k + GROUP; i++) move(y, column, up, down, s, i, plus, minus);
            best_up.see(plus);
            best_down.see(minus);
        }
        if (k < count) {
            typename L::values plus = L::lowest(), minus = L::lowest();
            for (; k < count; k++) move(y, column, up, down, s, k, plus, minus);
            best_up.see(plus);
            best_down.see(minus);
        }
        const real bound = fold<Larger, real>(Larger::of(best_up.value, best_down.value)) - tie;
        // Of a neuron and a mirrored one, the former has the lower index.
        const typename L::index mirrored = (typename L::index)(L::width * LANE);
        const unsigned long key = fold<Smaller, typename L::index>(
            Smaller::of(best_up.reaching(bound), best_down.reaching(bound) | mirrored));
        const bool turned = key >= (unsigned long)mirrored;
        const long lane = key / LANE % L::width, at = key % LANE * L::width + lane;
        side = turned ? net.padded : 0;
        sign = turned ? -1 : 1;
        const real *const c_group = up + side + at, *const y_group = y + at;
        const long row = key % LANE + ahead_of_first(
            c_group[0] + sign * y_group[0] < bound,
            c_group[L::width] + sign * y_group[L::width] < bound,
            c_group[2 * L::width] + sign * y_group[2 * L::width] < bound);
        place = row * L::width + lane;
        next = lane * count + row + (turned ? latents : 0);
    }
};

/* One network on its way through one step of the clock, of `left` seconds from `now`. */
template <template <typename> class State, typename real>
class Run {
    const Frame<real>& net;
    double* const v;
    const double now, left;
    const long offset;
    double& credit;
    Record& record;
    State<real> state;
    double common, s, s_end, folded;
    const double tie, inverse;
    size_t converted;
    bool alive;

    BRIANMEM_INLINE double time(double at) const { return now + net.tau * (folded + logarithm(at)); }
    /* From s to seconds, for all spikes since it was done last. */
    BRIANMEM_INLINE void to_time() {
        for (; converted < record.size(); converted++)
            record.time[converted] = time(record.time[converted]);
    }

  public:
    BRIANMEM_INLINE Run(const Frame<real>& net, double* v, double now, double left, long offset,
                        double& credit, Record& record, real* scratch)
        : net(net), v(v), now(now), left(left), offset(offset), credit(credit), record(record),
          state(net, scratch), s(1), s_end(exponential(left / net.tau)), folded(0),
          tie(Precision<real>::tie() * std::fabs(net.bias)), inverse(1 / net.bias),
          converted(record.size()), alive(false) {
        if (!(net.tau > 0)) {
            record.fail(NO_FRAME, offset, now);
            return;
        }
        double highest = v[0];
        for (long i = 0; i < net.n; i++) {
            if (!std::isfinite(v[i])) {
                record.fail(NOT_FINITE, offset + i, now);
                return;
            }
            highest = v[i] > highest ? v[i] : highest;
        }
        common = net.drive - highest;
        state.load(v, common);
        state.fire(0, (real)tie);
        alive = true;
    }

    /* Let the next neuron fire; false if none does before the end of the step. */
    BRIANMEM_INLINE bool step() {
        if (!alive) return false;
        const double gap = common - state.reach();
        if (gap > net.bias * s) {
            const double s_next = gap * inverse;
            if (!(net.bias > 0 && s_next <= s_end)) {
                to_time();
                state.unload(v, common, s_end);
                return alive = false;
            }
            s = s_next;
        }
        if (credit < 1) {
            to_time();
            record.fail(RUNAWAY, offset + state.next, time(s));
            return alive = false;
        }
        credit -= 1;
        record.add(offset + state.next, s);
        common += s * net.lift;
        state.fire((real)s, (real)(tie * s));
        if (s > GROWTH) {
            to_time();
            folded += logarithm(GROWTH);
            state.scale((real)(1 / GROWTH));
            common /= GROWTH;
            s /= GROWTH;
            s_end = exponential(left / net.tau - folded);
        }
        return true;
    }
};

/* Networks take turns, so that one can add while the other waits for the sum. */
const long TURNS = 2;

/* Run all networks, one block of v each, for `left` seconds from `now`. `credits` tells how often
   each may yet fire. */
template <template <typename> class State, typename real>
BRIANMEM_INLINE void run_frames(const std::vector<Frame<real> >& nets, double* v, double now,
                                double left, double* credits, Record& record) {
    const long room = State<real>::room(nets[0]), blocks = (long)nets.size();
    std::vector<real> scratch(TURNS * room + Lanes<real>::width);
    const uintptr_t line = sizeof(typename Lanes<real>::values);
    real* const aligned = (real*)(((uintptr_t)scratch.data() + line - 1) / line * line);
    std::vector<Record> records(TURNS);
    for (long first = 0; first < blocks && record.failure == NONE; first += TURNS) {
        const long turns = blocks - first < TURNS ? blocks - first : TURNS;
        std::vector<Run<State, real> > runs;
        runs.reserve(turns);
        for (long k = 0; k < turns; k++) {
            const long block = first + k, offset = block * nets[block].n;
            records[k].clear();
            runs.emplace_back(nets[block], v + offset, now, left, offset, credits[block],
                              records[k], aligned + k * room);
        }
        for (bool any = true; any;) {
            any = false;
            for (long k = 0; k < turns; k++) any |= runs[k].step();
        }
        for (long k = 0; k < turns; k++) record.append(records[k]);
    }
}

BRIANMEM_FOR_EVERY_CPU
static void run_dense(const std::vector<Frame<BRIANMEM_REAL> >& nets, double* v, double now, double left,
               double* credits, Record& record) {
    run_frames<Dense, BRIANMEM_REAL>(nets, v, now, left, credits, record);
}
BRIANMEM_FOR_EVERY_CPU
static void run_mirrored(const std::vector<Frame<BRIANMEM_REAL> >& nets, double* v, double now, double left,
                  double* credits, Record& record) {
    run_frames<Mirrored, BRIANMEM_REAL>(nets, v, now, left, credits, record);
}

}  // namespace brianmem
#endif
