/* What a delay step does beside the user's threshold and reset. */
#ifndef BRIANMEM_DELAY_STEP_H
#define BRIANMEM_DELAY_STEP_H

#include <algorithm>

#include "record.h"

namespace brianmem {

const size_t NEURONS_AT_ONCE = 64;  // neurons whose thresholds are looked at together

/* As brianmem.engine.numpy_delays.synapse has it. */
struct __attribute__((packed, aligned(4))) Synapse {
    int32_t post;
    BRIANMEM_REAL weight;
};

/* What one spike adds, by delay: row (pre, delay - 1) of the values, or, if there are rows, the
   synapses from row[at] to row[at + 1]. */
struct DelayedWeights {
    const int64_t* row;
    const Synapse* synapse;
    const BRIANMEM_REAL* value;
    int64_t n;
};

/* The spikes of one network in the last D steps, the oldest first and those of one step in the
   order of their neurons: for each the row of weights that it adds in the next step. */
struct Sent {
    int32_t* row;
    int32_t* count;
    int64_t n_delays;

    /* How many have come to the last row of their neuron, and are forgotten after it. */
    int32_t ending() const {
        int32_t k = 0;
        while (k < *count && (row[k] + 1) % n_delays == 0) k++;
        return k;
    }
};

/* One row after the other, in this order, but in one pass over the sums: these are read and written
   once, and the processor waits for all rows at the same time, which lie anywhere in a table larger
   than its caches. `open` tells which neurons take input: all of them if it is null. */
template <int ROWS>
inline void add_dense_rows(const DelayedWeights& weights, const int32_t* row,
                           double* __restrict__ sum, const char* open) {
    const BRIANMEM_REAL* value[ROWS];
    for (int r = 0; r < ROWS; r++) value[r] = weights.value + row[r] * weights.n;
    for (int64_t k = 0; k < weights.n; k++) {
        double s = sum[k];
        for (int r = 0; r < ROWS; r++) s += value[r][k];
        sum[k] = !open || open[k] ? s : sum[k];
    }
}

/* ROWS at a time, and of what is left half as many. */
template <int ROWS>
inline void add_dense(const DelayedWeights& weights, const int32_t* row, int32_t n_rows,
                      double* sum, const char* open) {
    for (; n_rows >= ROWS; row += ROWS, n_rows -= ROWS)
        add_dense_rows<ROWS>(weights, row, sum, open);
    if constexpr (ROWS > 1) add_dense<ROWS / 2>(weights, row, n_rows, sum, open);
}

/* Rows are short and lie anywhere. Where they begin and end is looked up for many of them first, so
   that the processor has no need to wait for it before each row. The row behind, which the same
   spike adds in the next step, is asked for meanwhile. */
inline void add_sparse(const DelayedWeights& weights, const Sent& sent, double* __restrict__ sum,
                       const char* open) {
    const int32_t at_once = 64;
    const Synapse *begin[at_once], *end[at_once];
    for (int32_t first = 0; first < *sent.count; first += at_once) {
        const int32_t n = std::min(at_once, *sent.count - first);
        for (int32_t r = 0; r < n; r++) {
            begin[r] = weights.synapse + weights.row[sent.row[first + r]];
            end[r] = weights.synapse + weights.row[sent.row[first + r] + 1];
            __builtin_prefetch(end[r], 0, 2);
            __builtin_prefetch((const char*)end[r] + 64, 0, 2);
        }
        for (int32_t r = 0; r < n; r++)
            for (const Synapse* s = begin[r]; s < end[r]; s++)
                if (!open || open[s->post]) sum[s->post] += s->weight;
    }
}

/* Add the weights of all spikes that arrive in this step, the oldest spikes first.

   Kept out of the step's own function, whose loop over neurons would run out of registers. */
__attribute__((noinline)) inline void add_inputs(const DelayedWeights& weights, const Sent& sent,
                                                 double* sum, const char* open) {
    if (weights.row)
        add_sparse(weights, sent, sum, open);
    else
        add_dense<8>(weights, sent.row, *sent.count, sum, open);
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

/* What was sent before moves on by a step, to the next row of its neuron; then the spikes from
   `begin` on are sent, those that are lost excepted. */
inline void send(const Record& record, size_t begin, Events& lost, int64_t step, long first,
                 Sent& sent) {
    const int32_t ending = sent.ending();
    for (int32_t k = ending; k < *sent.count; k++) sent.row[k - ending] = sent.row[k] + 1;
    *sent.count -= ending;
    lost.skip_to(step);
    for (size_t k = begin; k < record.size(); k++) {
        const int32_t i = (int32_t)(record.neuron[k] - first);
        while (lost.is_now(step) && lost.neuron[lost.next] < i) lost.next++;
        const bool heard = !(lost.is_now(step) && lost.neuron[lost.next] == i);
        if (heard) sent.row[(*sent.count)++] = (int32_t)(i * sent.n_delays);
    }
}

}  // namespace brianmem
#endif
