/* What an event loop hands back: the spikes, and why it ended early if it did. */
#ifndef BRIANMEM_RECORD_H
#define BRIANMEM_RECORD_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brianmem {

/* The numbers of brianmem.engine.failures.Failure. */
enum {
    NONE = 0,
    RUNAWAY = 1,
    NOT_FINITE = 2,
    NO_FRAME = 3,
    NOT_SHARED = 4,
    NO_ROOM = 5,
    NO_SPIKE_ROOM = 6
};

#ifdef __CUDACC__
__host__ __device__
#endif
/* total + rest - part as a new total, and what its rounding leaves of it: Knuth's sum of two. Without
   the rest the times of a million spikes in a step would drift. */
inline void less(double& total, double& rest, double part) {
    const double found = total - part, back = found - total;
    rest += (total - (found - back)) - (part + back);
    total = found;
}

/* Spikes of one step of the clock: network after network, each in the order in which it fired. */
struct Record {
    std::vector<int32_t> neuron;
    std::vector<double> time;  // seconds
    int32_t failure, failed_neuron;
    double failed_time;

    Record() { clear(); }
    void clear() {
        neuron.clear();
        time.clear();
        failure = NONE;
        failed_neuron = -1;
        failed_time = 0;
    }
    size_t size() const { return neuron.size(); }
    const int32_t* neurons() const { return neuron.data(); }
    const double* times() const { return time.data(); }
    void add(long i, double when) {
        neuron.push_back((int32_t)i);
        time.push_back(when);
    }
    void fail(int32_t reason, long i, double when) {
        failure = reason;
        failed_neuron = (int32_t)i;
        failed_time = when;
    }
    void append(const Record& other) {
        neuron.insert(neuron.end(), other.neuron.begin(), other.neuron.end());
        time.insert(time.end(), other.time.begin(), other.time.end());
        if (failure == NONE) fail(other.failure, other.failed_neuron, other.failed_time);
    }
};

/* Tell Brian2's monitors and synapses: sorted indices, their number in the last place. */
inline void tell_spikes(Record& record, int32_t* spikespace, size_t room, double now) {
    if (record.size() > room) {
        if (record.failure == NONE) record.fail(NO_ROOM, record.neuron[room], now);
        spikespace[room] = 0;
        return;
    }
    // Counting sort: neurons may have fired more than once.
    std::vector<int32_t> times_fired(room, 0);
    for (size_t k = 0; k < record.size(); k++) times_fired[record.neuron[k]]++;
    size_t position = 0;
    for (size_t i = 0; i < room; i++)
        for (int32_t k = 0; k < times_fired[i]; k++) spikespace[position++] = (int32_t)i;
    spikespace[room] = (int32_t)position;
}

}  // namespace brianmem
#endif
