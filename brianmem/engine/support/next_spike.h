/* Who fires next, and when: the times of threshold crossings compared. */
#ifndef BRIANMEM_NEXT_SPIKE_H
#define BRIANMEM_NEXT_SPIKE_H

#include <cmath>
#include <limits>

#ifdef __CUDACC__
#define BRIANMEM_DEVICE __host__ __device__
#else
#define BRIANMEM_DEVICE
#endif

namespace brianmem {

const double NEVER = std::numeric_limits<double>::infinity();

/* Neurons whose excess or time agree to this fraction of their scale tie: the lowest index is first. */
const double TIE = 1e-12;

/* The first neuron to fire among those seen, in the order of their indices. A neuron above threshold
   fires at once, the one with the largest excess first. */
struct NextSpike {
    long neuron;    // -1: none
    double wait;    // seconds until it fires
    double lead;    // its excess, if it is above threshold
    double tie;     // by how much its wait or lead may differ from another's that ties with it
    long broken;    // a neuron whose state is not finite; -1: none

    BRIANMEM_DEVICE NextSpike() : neuron(-1), wait(NEVER), lead(0), tie(0), broken(-1) {}

    /* Whether a neuron with this excess has been dealt with: it fires at once, or after another. */
    BRIANMEM_DEVICE bool at_once(long i, double excess, double tie) {
        if (!std::isfinite(excess)) {
            if (broken < 0) broken = i;
            return true;
        }
        if (excess > tie) {
            if (excess > lead + tie) {
                neuron = i;
                wait = 0;
                lead = excess;
                this->tie = tie;
            }
            return true;
        }
        return lead > 0;
    }
    BRIANMEM_DEVICE void later(long i, double when, double tie) {
        if (when < wait - tie) {
            neuron = i;
            wait = when;
            this->tie = tie;
        }
    }
    /* The excess f follows df/dt = rate f + slope. `size` is the scale of what f is a difference of.
       With a strict threshold a neuron at it fires if it climbs on. */
    BRIANMEM_DEVICE void see(long i, double excess, double size, double rate, double slope, bool strict) {
        const bool leaks = rate != 0;
        if (at_once(i, excess, TIE * (size + (leaks ? std::fabs(slope / rate) : 0)))) return;
        const double scale = leaks ? 1 / std::fabs(rate) : slope != 0 ? size / std::fabs(slope) : 0;
        const double tie = TIE * scale;
        if (excess > 0 || (excess == 0 && (!strict || slope > 0))) return later(i, 0, tie);
        const double climb = slope + rate * excess;
        if (!(slope > 0 && climb > 0 && excess < 0)) return;
        // The climb is steepest at one of the ends: no need for a logarithm if that is too slow.
        if (-excess / (climb > slope ? climb : slope) >= wait) return;
        later(i, leaks ? -std::log1p(rate * excess / slope) / rate : -excess / slope, tie);
    }
};

/* Search for the first zero of an excess that starts below zero, within `horizon`: ask for the
   excess and its climb at `at` and tell them, while there is more to ask. `stride` is a time in
   which the excess has one extremum at most. */
class FirstCrossing {
    enum { SCAN, PEAK, ROOT, DONE } phase;
    double low, excess_low, climb_low, high, piece, horizon, stride;

    BRIANMEM_DEVICE void scan_on() {
        phase = low < horizon ? SCAN : DONE;
        at = low + stride < horizon ? low + stride : horizon;
    }
    /* On its way to an extremum the climb stays below twice what it is now. */
    BRIANMEM_DEVICE bool can_reach() const { return excess_low + 2 * climb_low * (high - low) >= 0; }
    BRIANMEM_DEVICE void halve() {
        at = 0.5 * (low + high);
        if (high - low > TIE * stride && at > low && at < high) return;
        if (phase == ROOT) {
            found = true;
            at = high;
            phase = DONE;
        } else {
            low = piece;
            climb_low = -1;
            scan_on();
        }
    }

  public:
    double at;
    bool found;

    BRIANMEM_DEVICE FirstCrossing() : phase(DONE), found(false) {}
    BRIANMEM_DEVICE FirstCrossing(double excess, double climb, double stride, double horizon)
        : low(0), excess_low(excess), climb_low(climb), horizon(horizon), stride(stride), found(false) {
        scan_on();
    }
    BRIANMEM_DEVICE bool more() const { return phase != DONE; }
    BRIANMEM_DEVICE double tie() const { return 10 * TIE * stride; }

    BRIANMEM_DEVICE void tell(double excess, double climb) {
        if (excess >= 0) {
            high = at;
            phase = ROOT;
        } else if (phase == SCAN) {
            if (climb_low > 0 && climb < 0) {
                high = piece = at;
                phase = PEAK;
                if (!can_reach()) {
                    low = piece;
                    excess_low = excess;
                    climb_low = climb;
                    return scan_on();
                }
            } else {
                low = at;
                excess_low = excess;
                climb_low = climb;
                return scan_on();
            }
        } else if (phase == PEAK) {
            if (climb > 0) {
                low = at;
                excess_low = excess;
                climb_low = climb;
            } else {
                high = at;
            }
            if (!can_reach()) {
                low = piece;
                climb_low = -1;
                return scan_on();
            }
        } else {
            low = at;
        }
        halve();
    }
};

}  // namespace brianmem
#endif
