/* What a delay step does beside the user's threshold and reset. */
#ifndef BRIANMEM_DELAY_STEP_H
#define BRIANMEM_DELAY_STEP_H

#include <algorithm>

#include "record.h"

namespace brianmem {

/* What one spike adds, by delay: row (pre, delay - 1) of all weights, or, if there are rows, of
   those from row[at] to row[at + 1], with their postsynaptic neurons. */
struct DelayedWeights {
    const int64_t* row;
    const int32_t* post;
    const BRIANMEM_REAL* value;
    int64_t n, n_delays;
};

/* `open` tells which neurons take input: all of them if it is null. */
inline void add_row(const DelayedWeights& weights, int64_t at, double* __restrict__ sum,
                    const char* open) {
    if (!weights.row) {
        const BRIANMEM_REAL* value = weights.value + at * weights.n;
        if (open)
            for (int64_t k = 0; k < weights.n; k++) sum[k] += open[k] ? value[k] : 0;
        else
            for (int64_t k = 0; k < weights.n; k++) sum[k] += value[k];
        return;
    }
    const int64_t end = weights.row[at + 1];
    for (int64_t k = weights.row[at]; k < end; k++) {
        const int32_t post = weights.post[k];
        if (!open || open[post]) sum[post] += weights.value[k];
    }
}

/* The spikes of one network in the last D steps: slot (step modulo D) of all networks' spikes. */
struct Sent {
    int32_t* neuron;   // of this network's place in slot 0
    int32_t* count;
    int64_t slot_pitch, count_pitch, n_slots;
};

/* Add the weights of all spikes that arrive in this step, the oldest spikes first. */
inline void add_inputs(const DelayedWeights& weights, const Sent& sent, int64_t step, double* sum,
                       const char* open) {
    for (int64_t delay = std::min(step, weights.n_delays); delay > 0; delay--) {
        const int64_t slot = (step - delay) % sent.n_slots;
        const int32_t* neuron = sent.neuron + slot * sent.slot_pitch;
        const int32_t count = sent.count[slot * sent.count_pitch];
        for (int32_t k = 0; k < count; k++)
            add_row(weights, neuron[k] * weights.n_delays + delay - 1, sum, open);
    }
}

/* Sorted events of one network, from `next` on. */
struct Events {
    const int32_t* neuron;
    const int32_t* step;
    int64_t next, end;
    void skip_to(int64_t now) {
        while (next < end && step[next] < now) next++;
    }
    bool is_now(int64_t now) const { return next < end && step[next] == now; }
};

/* Put the forced spikes of this step among the network's own, which stand from `begin` on. */
inline void force(Record& record, size_t begin, Events& forced, int64_t step, long first,
                  double now) {
    forced.skip_to(step);
    const size_t own_end = record.size();
    for (; forced.is_now(step); forced.next++) {
        const int32_t i = (int32_t)(first + forced.neuron[forced.next]);
        if (!std::binary_search(record.neuron.begin() + begin, record.neuron.begin() + own_end, i))
            record.add(i, now);
    }
    std::inplace_merge(record.neuron.begin() + begin, record.neuron.begin() + own_end,
                       record.neuron.end());
}

/* Send the spikes from `begin` on, those that are lost excepted. */
inline void send(const Record& record, size_t begin, Events& lost, int64_t step, long first,
                 Sent& sent) {
    lost.skip_to(step);
    const int64_t slot = step % sent.n_slots;
    int32_t* neuron = sent.neuron + slot * sent.slot_pitch;
    int32_t count = 0;
    for (size_t k = begin; k < record.size(); k++) {
        const int32_t i = (int32_t)(record.neuron[k] - first);
        while (lost.is_now(step) && lost.neuron[lost.next] < i) lost.next++;
        if (!(lost.is_now(step) && lost.neuron[lost.next] == i)) neuron[count++] = i;
    }
    sent.count[slot * sent.count_pitch] = count;
}

}  // namespace brianmem
#endif
