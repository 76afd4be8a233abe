/* A delay step by the threads of a CUDA block, which run one network together.

   Neuron j belongs to thread j % blockDim.x. Whoever adds to its sum adds one weight after another,
   in the order of a program on a CPU: no result depends on which thread is faster. */
#ifndef BRIANMEM_DELAY_BLOCK_H
#define BRIANMEM_DELAY_BLOCK_H

#include "delay_step.h"
#include "thread_block.h"

namespace brianmem {

const int STAGED = 2048;  // weights that lie in shared memory at a time

/* What the threads show each other. */
struct Shelf {
    int64_t begin[WARP * MOST_WARPS];  // of a row of weights, one for each thread
    int32_t end[WARP * MOST_WARPS];    // how many weights there are up to the end of this row
    int32_t post[STAGED];
    BRIANMEM_REAL value[STAGED];
    int32_t of_warp[MOST_WARPS];
};

/* The sum of the numbers of all threads up to this one. All have to come here, and have to meet at
   one more barrier before they come again. */
__device__ inline int running_total(int mine, int32_t* of_warp) {
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    for (int reach = 1; reach < WARP; reach *= 2) {
        const int before = __shfl_up_sync(0xffffffff, mine, reach);
        if (lane >= reach) mine += before;
    }
    if (lane == WARP - 1) of_warp[warp] = mine;
    __syncthreads();
    for (int w = 0; w < warp; w++) mine += of_warp[w];
    return mine;
}

/* Each thread adds to its own neurons; neighbours read neighbouring weights. */
__device__ inline void add_dense_here(const DelayedWeights& weights, const int32_t* row, int count,
                                      double* sum, const char* open) {
    for (int64_t j = threadIdx.x; j < weights.n; j += blockDim.x) {
        if (open && !open[j]) continue;
        double total = sum[j];
        for (int k = 0; k < count; k++) total += weights.value[row[k] * weights.n + j];
        sum[j] = total;
    }
}

/* Each warp adds what is for neurons of its own threads, 32 weights at a time; where several are for
   one neuron they take turns. */
__device__ inline void add_staged(const Shelf& shelf, int count, double* sum, const char* open) {
    const int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    for (int first = 0; first < count; first += WARP) {
        const int k = first + lane;
        const int post = k < count ? shelf.post[k] : 0;
        const bool mine = k < count && post / WARP % warps == warp && (!open || open[post]);
        const unsigned lanes = __ballot_sync(0xffffffff, mine);
        if (!lanes) continue;
        int turn = -1;
        if (mine) turn = __popc(__match_any_sync(lanes, post) & ((1u << lane) - 1));
        for (int now = 0; __any_sync(0xffffffff, turn >= now); now++) {
            if (turn == now) sum[post] += shelf.value[k];
            __syncwarp();
        }
    }
}

/* Rows are short: all threads fetch weights of many rows, in order, before they are added. */
__device__ inline void add_sparse_here(const DelayedWeights& weights, const int32_t* row, int count,
                                       double* sum, const char* open, Shelf& shelf) {
    const int threads = blockDim.x, me = threadIdx.x;
    for (int first = 0; first < count; first += threads) {
        int64_t begin = 0;
        int length = 0;
        if (first + me < count) {
            begin = weights.row[row[first + me]];
            length = (int)(weights.row[row[first + me] + 1] - begin);
        }
        // Its barrier is also the one after which nobody reads what was shown before.
        const int end = running_total(length, shelf.of_warp);
        shelf.begin[me] = begin;
        shelf.end[me] = end;
        __syncthreads();
        const int total = shelf.end[threads - 1];
        for (int from = 0; from < total; from += STAGED) {
            const int here = total - from < STAGED ? total - from : STAGED;
            for (int k = me; k < here; k += threads) {
                int low = 0, high = threads - 1;  // the first row that ends beyond
                while (low < high) {
                    const int middle = (low + high) / 2;
                    if (shelf.end[middle] > from + k)
                        high = middle;
                    else
                        low = middle + 1;
                }
                const int64_t at = shelf.begin[low] + (from + k - (low ? shelf.end[low - 1] : 0));
                shelf.post[k] = weights.synapse[at].post;
                shelf.value[k] = weights.synapse[at].weight;
            }
            __syncthreads();
            add_staged(shelf, here, sum, open);
            __syncthreads();
        }
    }
}

/* What was sent before moves on by a step, to the next row of its neuron; returns how much of it is
   left. Nobody writes before all have come here, if anything was sent. */
__device__ inline int move_on(const Sent& sent, int count) {
    int ending = 0;  // what has come to the last row of its neuron: it stands in front
    for (int first = 0; first < count; first += blockDim.x) {
        const int k = first + threadIdx.x;
        ending += __syncthreads_count(k < count && (sent.row[k] + 1) % sent.n_delays == 0);
        if (ending < first + blockDim.x) break;
    }
    const int left = count - ending;
    for (int first = 0; first < left; first += blockDim.x) {
        const int k = first + threadIdx.x;
        const int32_t next = k < left ? sent.row[k + ending] + 1 : 0;
        __syncthreads();
        if (k < left) sent.row[k] = next;
    }
    return left;
}

/* The events of one network in one step: neurons in increasing order. */
struct EventsNow {
    const int32_t* neuron;
    int64_t next, end;

    __device__ EventsNow(const int32_t* neuron, const int32_t* step, int64_t from, int64_t last,
                         int64_t now)
        : neuron(neuron), next(from) {
        while (next < last && step[next] < now) next++;
        for (end = next; end < last && step[end] == now;) end++;
    }
    __device__ bool has(int i) const {
        int64_t low = next, high = end;
        while (low < high) {
            const int64_t middle = (low + high) / 2;
            if (neuron[middle] < i)
                low = middle + 1;
            else
                high = middle;
        }
        return low < end && neuron[low] == i;
    }
};

}  // namespace brianmem
#endif
