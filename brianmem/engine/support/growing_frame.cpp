/* The exact event loop of leaky neurons that share tau, drive and bias, without exp or log per spike.

In the growing frame, where s = exp(time/tau), the state X = s (v - drive) + A is constant between
spikes. A is common to all neurons and keeps X small: every weight is split into W - lift, and only
A, in double, sees the lift. A neuron fires when (A - X)/s, its distance to the drive, has come down
to the bias. The largest X is therefore always next, at s = (A - X)/bias. Its spike adds s W to X
and s lift to A. Where W = E D with E = [I; -I], neurons k and k + K see the same input with opposite
signs: X_k = C_k + Y_k and X_(k+K) = C_(k+K) - Y_k, and a spike moves the K values Y only.

Arrays lie in blocks of 64 bytes, whatever the processor's registers: a block takes one of AVX-512,
two of AVX2, four of SSE2 or NEON. The results are the same to the last bit. */
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "elementary.h"
#include "frame.h"
#include "record.h"
#include "registers.h"

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

const int BLOCK_BYTES = 64;  // as in brianmem/engine/weights.py

/* So many numbers side by side. Element i of an array stands in lane i / count of block i % count,
   where count is the number of blocks: so the lowest lane has the lowest indices. */
template <typename real>
struct Block {
    static const long width = BLOCK_BYTES / sizeof(real);

    static BRIANMEM_INLINE long place(long i, long count) { return (i % count) * width + i / count; }
};

/* A register full of numbers: one of the parts of a block. */
template <typename real, int bytes>
struct Lanes {
    typedef typename Precision<real>::index index;
    static const long width = bytes / sizeof(real), parts = BLOCK_BYTES / bytes;
    typedef real values __attribute__((vector_size(bytes)));
    typedef index indices __attribute__((vector_size(bytes)));

    static BRIANMEM_INLINE values load(const real* from) {
        values v;
        std::memcpy(&v, from, sizeof v);
        return v;
    }
    static BRIANMEM_INLINE void store(real* to, const values& v) { std::memcpy(to, &v, sizeof v); }
    static BRIANMEM_INLINE values lowest() {
        return values{} - std::numeric_limits<real>::infinity();
    }
    /* Which lanes of a block a part has. */
    static BRIANMEM_INLINE indices numbers(long part) {
        indices v;
        std::memcpy(&v, Precision<real>::counting() + part * width, sizeof v);
        return v;
    }
};

/* x[place] += value, as a whole register: the next load need not wait for a part of it. */
template <typename real, int bytes>
BRIANMEM_INLINE void add_to_one(real* x, long place, real value) {
    typedef Lanes<real, bytes> L;
    const typename L::indices here = L::numbers(0) == (typename L::index)(place % L::width);
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

/* The larger or smaller of all lanes of a register, by folding halves. */
template <typename choice, typename number, int bytes, typename vector>
BRIANMEM_INLINE number fold(const vector& v) {
    if constexpr (bytes > 16) {
        typedef number half __attribute__((vector_size(bytes / 2)));
        half halves[2];
        std::memcpy(halves, &v, sizeof v);
        return fold<choice, number, bytes / 2>(choice::of(halves[0], halves[1]));
    } else {
        number lane[16 / sizeof(number)];
        std::memcpy(lane, &v, sizeof lane);
        number best = lane[0];
        for (unsigned k = 1; k < 16 / sizeof(number); k++) best = choice::of(best, lane[k]);
        return best;
    }
}

/* Blocks are compared in groups: only the first block of the best group is remembered. */
const long GROUP = 4;
const long LANE = 1 << 24;  // keys are lane * LANE + block, in the order of the indices

/* The largest number of each lane of a part, and the key of the group that holds it. */
template <typename real, int bytes>
struct Best {
    typedef Lanes<real, bytes> L;
    typename L::values value, limit;
    typename L::indices key, here;

    BRIANMEM_INLINE Best() {}
    BRIANMEM_INLINE explicit Best(long part) : value(L::lowest()), limit(L::lowest()) {
        key = here = L::numbers(part) * (typename L::index)LANE;
    }
    BRIANMEM_INLINE void see(const typename L::values& group, real tie) {
        const typename L::indices better = group > limit;
        value = better ? group : value;
        limit = better ? group + tie : limit;
        key = better ? here : key;
        here += (typename L::index)GROUP;
    }
    BRIANMEM_INLINE typename L::indices reaching(real bound) const {
        return value >= bound ? key : key | std::numeric_limits<typename L::index>::max();
    }
    /* Of all parts of a block, lane by lane: the largest numbers, and the lowest keys of those that
       reach the bound. */
    static BRIANMEM_INLINE typename L::values largest(const Best* part) {
        typename L::values most = part[0].value;
        for (long k = 1; k < L::parts; k++) most = Larger::of(most, part[k].value);
        return most;
    }
    static BRIANMEM_INLINE typename L::indices first(const Best* part, real bound) {
        typename L::indices lowest = part[0].reaching(bound);
        for (long k = 1; k < L::parts; k++) lowest = Smaller::of(lowest, part[k].reaching(bound));
        return lowest;
    }
};

/* How many elements of a lane's group precede the first that is not below; without a guess. */
BRIANMEM_INLINE long ahead_of_first(bool below_0, bool below_1, bool below_2) {
    return (long)below_0 + (long)(below_0 & below_1) + (long)(below_0 & below_1 & below_2);
}

/* State X of all N neurons. */
template <typename real, int bytes>
struct Dense {
    typedef Lanes<real, bytes> L;
    typedef Block<real> B;
    typedef Best<real, bytes> Tops;
    const Frame<real>& net;
    const long count;
    real* const x;
    long next, place;  // who fires next, and where its X stands

    static long room(const Frame<real>& net) { return net.padded + GROUP * B::width; }
    BRIANMEM_INLINE Dense(const Frame<real>& net, real* scratch)
        : net(net), count(net.padded / B::width), x(scratch), next(-1), place(0) {}

    BRIANMEM_INLINE void load(const double* v, double common) {
        for (long i = 0; i < net.padded; i++)
            x[B::place(i, count)] = i < net.n ? (real)(v[i] - net.drive + common)
                                              : -std::numeric_limits<real>::infinity();
    }
    BRIANMEM_INLINE void unload(double* v, double common, double s) const {
        for (long i = 0; i < net.n; i++)
            v[i] = net.drive + ((double)x[B::place(i, count)] - common) / s;
    }
    BRIANMEM_INLINE void scale(real factor) {
        for (long i = 0; i < net.padded; i++) x[i] *= factor;
    }
    BRIANMEM_INLINE double reach() const { return x[place]; }

    static BRIANMEM_INLINE typename L::values move(real* x, const real* column, real s, long k) {
        const typename L::values moved =
            L::load(x + k * B::width) + s * L::load(column + k * B::width);
        L::store(x + k * B::width, moved);
        return moved;
    }
    /* Add s times the column to one part of all blocks. */
    static BRIANMEM_INLINE Tops move_all(real* x, const real* column, real s, real tie, long count,
                                         long part) {
        x += part * L::width;
        column += part * L::width;
        Tops best(part);
        long k = 0;
        for (; k + GROUP <= count; k += GROUP) {
            const typename L::values a = Larger::of(move(x, column, s, k), move(x, column, s, k + 1));
            const typename L::values b = Larger::of(move(x, column, s, k + 2), move(x, column, s, k + 3));
            best.see(Larger::of(a, b), tie);
        }
        if (k < count) {
            typename L::values top = move(x, column, s, k);
            for (k++; k < count; k++) top = Larger::of(top, move(x, column, s, k));
            best.see(top, tie);
        }
        return best;
    }
    /* Add s times the column of `next`, if there is one, and find who follows. */
    BRIANMEM_INLINE void fire(real s, real tie) {
        // Copies, so that the compiler knows that storing x changes none of them.
        const real* const column = net.columns + (next < 0 ? 0 : next * net.padded);
        real* const x = this->x;
        const long count = this->count;
        if (next < 0) s = 0;
        Tops best[L::parts];
        for (long k = 0; k < L::parts; k++) best[k] = move_all(x, column, s, tie, count, k);
        const real bound = fold<Larger, real, bytes>(Tops::largest(best)) - tie;
        const unsigned long key =
            fold<Smaller, typename L::index, bytes>(Tops::first(best, bound));
        const long lane = key / LANE;
        const real* const group = x + key % LANE * B::width + lane;
        const long row = key % LANE + ahead_of_first(group[0] < bound, group[B::width] < bound,
                                                     group[2 * B::width] < bound);
        place = row * B::width + lane;
        next = lane * count + row;
    }
};

/* State Y, C of mirrored neurons: K values move with a spike. */
template <typename real, int bytes>
struct Mirrored {
    typedef Lanes<real, bytes> L;
    typedef Block<real> B;
    typedef Best<real, bytes> Tops;
    const Frame<real>& net;
    const long count, latents;
    real *const y, *const up, *const down;  // down follows up
    long next, place, side;
    real sign;

    static long room(const Frame<real>& net) { return 3 * net.padded + GROUP * B::width; }
    BRIANMEM_INLINE Mirrored(const Frame<real>& net, real* scratch)
        : net(net), count(net.padded / B::width), latents(net.n / 2), y(scratch),
          up(scratch + net.padded), down(scratch + 2 * net.padded), next(-1), place(0), side(0),
          sign(1) {}

    BRIANMEM_INLINE void load(const double* v, double common) {
        for (long k = 0; k < net.padded; k++) {
            const long at = B::place(k, count);
            const bool real_one = k < latents;
            y[at] = real_one ? (real)(0.5 * (v[k] - v[k + latents])) : 0;
            up[at] = down[at] = real_one
                ? (real)(0.5 * (v[k] + v[k + latents]) - net.drive + common)
                : -std::numeric_limits<real>::infinity();
        }
    }
    BRIANMEM_INLINE void unload(double* v, double common, double s) const {
        for (long k = 0; k < latents; k++) {
            const long at = B::place(k, count);
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

    /* X of a neuron and of its mirrored one. */
    struct Both {
        typename L::values plus, minus;
    };
    static BRIANMEM_INLINE Both larger(const Both& a, const Both& b) {
        return {Larger::of(a.plus, b.plus), Larger::of(a.minus, b.minus)};
    }
    static BRIANMEM_INLINE Both move(real* y, const real* column, const real* up, const real* down,
                                     real s, long k) {
        const long at = k * B::width;
        const typename L::values moved = L::load(y + at) + s * L::load(column + at);
        L::store(y + at, moved);
        return {L::load(up + at) + moved, L::load(down + at) - moved};
    }
    static BRIANMEM_INLINE void move_all(real* y, const real* column, const real* up,
                                         const real* down, real s, real tie, long count, long part,
                                         Tops& best_up, Tops& best_down) {
        y += part * L::width;
        column += part * L::width;
        up += part * L::width;
        down += part * L::width;
        Tops plus(part), minus(part);
        long k = 0;
        for (; k + GROUP <= count; k += GROUP) {
            const Both a =
                larger(move(y, column, up, down, s, k), move(y, column, up, down, s, k + 1));
            const Both b =
                larger(move(y, column, up, down, s, k + 2), move(y, column, up, down, s, k + 3));
            plus.see(Larger::of(a.plus, b.plus), tie);
            minus.see(Larger::of(a.minus, b.minus), tie);
        }
        if (k < count) {
            Both top = move(y, column, up, down, s, k);
            for (k++; k < count; k++) top = larger(top, move(y, column, up, down, s, k));
            plus.see(top.plus, tie);
            minus.see(top.minus, tie);
        }
        best_up = plus;
        best_down = minus;
    }
    BRIANMEM_INLINE void fire(real s, real tie) {
        const real* const column = net.columns + (next < 0 ? 0 : next * net.padded);
        real *const y = this->y, *const up = this->up, *const down = this->down;
        const long count = this->count, latents = this->latents;
        if (next < 0) s = 0;
        else add_to_one<real, bytes>(up + side, place, s * net.own[next]);
        Tops best_up[L::parts], best_down[L::parts];
        for (long k = 0; k < L::parts; k++)
            move_all(y, column, up, down, s, tie, count, k, best_up[k], best_down[k]);
        const real bound = fold<Larger, real, bytes>(
            Larger::of(Tops::largest(best_up), Tops::largest(best_down))) - tie;
        // Of a neuron and a mirrored one, the former has the lower index.
        const typename L::index mirrored = (typename L::index)(B::width * LANE);
        const unsigned long key = fold<Smaller, typename L::index, bytes>(
            Smaller::of(Tops::first(best_up, bound), Tops::first(best_down, bound) | mirrored));
        // Sums and products: a processor could only guess a branch.
        const long turned = key >= (unsigned long)mirrored;
        const long lane = key / LANE % B::width, at = key % LANE * B::width + lane;
        side = turned * net.padded;
        sign = (real)(1 - 2 * (int)turned);
        const real *const c_group = up + side + at, *const y_group = y + at;
        const long row = key % LANE + ahead_of_first(
            c_group[0] + sign * y_group[0] < bound,
            c_group[B::width] + sign * y_group[B::width] < bound,
            c_group[2 * B::width] + sign * y_group[2 * B::width] < bound);
        place = row * B::width + lane;
        next = lane * count + row + turned * latents;
    }
};

/* One network on its way through one step of the clock, of `left` seconds from `now`. */
template <template <typename, int> class State, typename real, int bytes>
class Run {
    const Frame<real>& net;
    double* const v;
    const double now, left;
    const long offset;
    double& credit;
    Record& record;
    State<real, bytes> state;
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
    Run(const Frame<real>& net, double* v, double now, double left, long offset, double& credit,
        Record& record, real* scratch)
        : net(net), v(v), now(now), left(left), offset(offset), credit(credit), record(record),
          state(net, scratch), s(1), s_end(exponential(left / net.tau)), folded(0),
          tie(Precision<real>::tie() * std::fabs(net.bias)), inverse(1 / net.bias),
          converted(record.size()), alive(false) {}

    /* Take over v. Not in the constructor, which std::vector calls: for the narrowest registers. */
    BRIANMEM_INLINE void begin() {
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
        alive = true;
    }

    /* Add the last spike, if there was one, and see who fires next; false if nobody does before the
       end of the step. */
    BRIANMEM_INLINE bool step() {
        if (!alive) return false;
        state.fire((real)s, (real)(tie * s));
        if (s > GROWTH) {
            to_time();
            folded += logarithm(GROWTH);
            state.scale((real)(1 / GROWTH));
            common /= GROWTH;
            s /= GROWTH;
            s_end = exponential(left / net.tau - folded);
        }
        const double gap = common - state.reach();
        if (gap > net.bias * s || (net.strict && !(net.bias > 0) && gap == net.bias * s)) {
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
        if (net.seen) net.seen[state.next] = net.drive - gap / s;
        common += s * net.lift;
        return true;
    }
};

/* Networks take turns, so that one can add while the other waits for the sum. */
const long TURNS = 2;

/* Run all networks, one block of v each, for `left` seconds from `now`. `credits` tells how often
   each may yet fire. */
template <template <typename, int> class State, typename real>
struct RunAll {
    const std::vector<Frame<real> >& nets;
    double* const v;
    const double now, left;
    double* const credits;
    Record& record;

    template <int bytes>
    BRIANMEM_INLINE void run() const {
        typedef Run<State, real, bytes> One;
        const long room = State<real, bytes>::room(nets[0]), blocks = (long)nets.size();
        std::vector<real> scratch(TURNS * room + Block<real>::width);
        const uintptr_t line = BLOCK_BYTES;
        real* const aligned = (real*)(((uintptr_t)scratch.data() + line - 1) / line * line);
        std::vector<Record> records(TURNS);
        for (long first = 0; first < blocks && record.failure == NONE; first += TURNS) {
            const long turns = blocks - first < TURNS ? blocks - first : TURNS;
            std::vector<One> runs;
            runs.reserve(turns);
            for (long k = 0; k < turns; k++) {
                const long block = first + k, offset = block * nets[block].n;
                records[k].clear();
                runs.emplace_back(nets[block], v + offset, now, left, offset, credits[block],
                                  records[k], aligned + k * room);
            }
            for (long k = 0; k < turns; k++) runs[k].begin();
            for (bool any = true; any;) {
                any = false;
                for (long k = 0; k < turns; k++) any |= runs[k].step();
            }
            for (long k = 0; k < turns; k++) record.append(records[k]);
        }
    }
};

#ifndef BRIANMEM_LOOPS  // inline, where files of a program have them each for itself
#define BRIANMEM_LOOPS
#endif
BRIANMEM_LOOPS void run_dense(const std::vector<Frame<BRIANMEM_REAL> >& nets, double* v, double now,
                              double left, double* credits, Record& record) {
    in_registers(register_bytes(),
                 RunAll<Dense, BRIANMEM_REAL>{nets, v, now, left, credits, record});
}
BRIANMEM_LOOPS void run_mirrored(const std::vector<Frame<BRIANMEM_REAL> >& nets, double* v,
                                 double now, double left, double* credits, Record& record) {
    in_registers(register_bytes(),
                 RunAll<Mirrored, BRIANMEM_REAL>{nets, v, now, left, credits, record});
}

}  // namespace brianmem
