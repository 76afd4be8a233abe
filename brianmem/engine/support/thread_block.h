/* How the threads of a CUDA block, which run one network together, agree on what happens next. */
#ifndef BRIANMEM_THREAD_BLOCK_H
#define BRIANMEM_THREAD_BLOCK_H

#include <climits>
#include <cstdint>

#include "record.h"

namespace brianmem {

const int WARP = 32;
const int MOST_WARPS = 32;  // of a block
const int NOBODY = INT_MAX;

template <typename T>
__device__ inline T from_lane(T value, int lane) {
    return __shfl_sync(0xffffffff, value, lane);
}
template <typename T>
__device__ inline T larger(T a, T b) {
    return b > a ? b : a;
}
template <typename T>
__device__ inline T smaller(T a, T b) {
    return b < a ? b : a;
}

template <typename T>
__device__ inline T agree_in_warp(T mine) {
    const int lane = threadIdx.x % WARP;
    for (int reach = WARP / 2; reach > 0; reach /= 2) mine.take(mine.of_lane(lane ^ reach));
    return mine;
}

/* What all threads of the block know together. All of them have to come here, and have to meet at
   one more barrier before they use the same shelf again, which has a place for every warp.
   T::take must not mind the order, nor to see a value twice. */
template <typename T>
__device__ inline T agree(T mine, T* shelf) {
    const int lane = threadIdx.x % WARP, warps = blockDim.x / WARP;
    mine = agree_in_warp(mine);
    if (lane == 0) shelf[threadIdx.x / WARP] = mine;
    __syncthreads();
    if (warps > 1) mine = agree_in_warp(shelf[lane < warps ? lane : 0]);
    // NaN makes results depend on the order. Threads that disagree would wait for each other forever.
    return mine.of_lane(0);
}

template <typename real>
struct Highest {
    real value;

    __device__ Highest of_lane(int lane) const { return {from_lane(value, lane)}; }
    __device__ void take(const Highest& other) { value = larger(value, other.value); }
};

/* The lowest index, and a value that comes with it. */
template <typename real>
struct First {
    int neuron;
    real value;

    __device__ First of_lane(int lane) const {
        return {from_lane(neuron, lane), from_lane(value, lane)};
    }
    __device__ void take(const First& other) {
        if (other.neuron < neuron) *this = other;
    }
};

/* Where the spikes of all networks go. Blocks write at once: only within a network do spikes stand
   in the order in which they fired. */
struct SpikeRoom {
    int32_t *neuron, *count;
    double* time;
    int64_t room;
    int32_t* spikespace;  // of Brian2, with the number of spikes in the last place; or 0
    int32_t spikespace_room;

    /* Add a spike; anything but NONE says why that is not possible. */
    __device__ int add(int i, double when) const {
        const int place = atomicAdd(count, 1);
        if (place >= room) return NO_SPIKE_ROOM;
        neuron[place] = i;
        time[place] = when;
        if (!spikespace) return NONE;
        const int told = atomicAdd(spikespace + spikespace_room, 1);
        if (told >= spikespace_room) {
            // Monitors still read it at the end of this step.
            atomicMin(spikespace + spikespace_room, spikespace_room);
            return NO_ROOM;
        }
        spikespace[told] = i;
        return NONE;
    }
};

__device__ inline void fail(double* failure, int reason, int i, double when) {
    failure[0] = reason;
    failure[1] = i;
    failure[2] = when;
}

}  // namespace brianmem
#endif
