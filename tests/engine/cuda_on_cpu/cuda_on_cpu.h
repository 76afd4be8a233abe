/* What CUDA programs need to run on a CPU: one block after another, its threads in turns.

   A thread runs until it meets a barrier. Whose turn it is then is drawn, so that a program that
   lacks a barrier, or whose results depend on the order of its threads, is found out. Memory is
   full of noise when it is allocated, as on a GPU. */
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <type_traits>
#include <valarray>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static  // of the one block that runs
#define __forceinline__ inline
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;
const int warpSize = 32;

namespace cuda_on_cpu {

struct Thread {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    unsigned index;
    bool done;
};
const size_t STACK = 1 << 17;
inline std::vector<Thread> threads;
inline Thread* current = nullptr;
inline ucontext_t scheduler;
inline std::function<void()> body;
inline std::mt19937 draw(1);
inline long progress = 0;

inline void give_way() {
    Thread* self = current;
    swapcontext(&self->context, &scheduler);
    current = self;
    threadIdx.x = self->index;
}

[[noreturn]] inline void give_up(const char* why) {
    fprintf(stderr, "ERROR: %s\n", why);
    _Exit(70);  // exit would free the stack that this runs on
}

/* All threads of the block that have not ended. */
struct Barrier {
    int arrived = 0, generation = 0, kind = 0, sum = 0, result = 0;
    void release_if(int alive) {
        if (arrived == 0 || arrived < alive) return;
        result = sum;
        arrived = sum = 0;
        generation++;
        progress++;
    }
};
inline Barrier barrier;
inline int alive = 0;

inline int wait_for_all(int kind, int value) {
    if (barrier.arrived && barrier.kind != kind) give_up("threads wait at different barriers");
    const int mine = barrier.generation;
    barrier.kind = kind;
    barrier.arrived++;
    barrier.sum += value;
    barrier.release_if(alive);
    while (barrier.generation == mine) give_way();
    return barrier.result;
}

/* Lanes of a warp that show each other a value. */
struct Meeting {
    unsigned arrived = 0;
    long generation = 0;
    unsigned char given[32][16], shown[32][16];
};
inline std::map<std::pair<unsigned, unsigned>, Meeting> meetings;

inline Meeting& meet(unsigned mask, const void* value, size_t size) {
    const unsigned lane = threadIdx.x % 32, bit = 1u << lane;
    if (!(mask & bit)) give_up("a lane is not in its own mask");
    Meeting& meeting = meetings[{threadIdx.x / 32, mask}];
    memcpy(meeting.given[lane], value, size);
    meeting.arrived |= bit;
    const long mine = meeting.generation;
    if (meeting.arrived == mask) {
        memcpy(meeting.shown, meeting.given, sizeof meeting.given);
        meeting.arrived = 0;
        meeting.generation++;
        progress++;
    }
    while (meeting.generation == mine) give_way();
    return meeting;
}

inline void run_thread() {
    body();
    current->done = true;
    alive--;
    progress++;
    barrier.release_if(alive);
    swapcontext(&current->context, &scheduler);
}

struct Config {
    dim3 grid, block;
    size_t shared = 0;
    int stream = 0;
};

template <typename Kernel>
void launch(Config config, Kernel kernel) {
    gridDim = config.grid;
    blockDim = config.block;
    body = kernel;
    const unsigned n = blockDim.x;
    if (threads.size() < n) threads.resize(n);
    std::vector<unsigned> order(n);
    for (unsigned i = 0; i < n; i++) order[i] = i;
    for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) {
        alive = n;
        barrier = Barrier();
        meetings.clear();
        for (unsigned i = 0; i < n; i++) {
            Thread& thread = threads[i];
            if (!thread.stack) thread.stack.reset(new char[STACK]);
            getcontext(&thread.context);
            thread.context.uc_stack.ss_sp = thread.stack.get();
            thread.context.uc_stack.ss_size = STACK;
            thread.context.uc_link = nullptr;
            thread.index = i;
            thread.done = false;
            makecontext(&thread.context, run_thread, 0);
        }
        while (alive > 0) {
            const long before = progress;
            std::shuffle(order.begin(), order.end(), draw);
            for (unsigned i : order) {
                if (threads[i].done) continue;
                current = &threads[i];
                threadIdx.x = i;
                swapcontext(&scheduler, &current->context);
            }
            if (progress == before) give_up("all threads wait for each other");
        }
    }
}

}  // namespace cuda_on_cpu

// Threads of a block and lanes of a warp ------------------------------------------------------

inline void __syncthreads() { cuda_on_cpu::wait_for_all(1, 0); }
inline int __syncthreads_count(int flag) { return cuda_on_cpu::wait_for_all(2, flag != 0); }
inline void __syncwarp(unsigned mask = 0xffffffff) { cuda_on_cpu::meet(mask, "", 1); }

template <typename T>
T __shfl_sync(unsigned mask, T value, int lane) {
    T found;
    memcpy(&found, cuda_on_cpu::meet(mask, &value, sizeof value).shown[lane % 32], sizeof found);
    return found;
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned reach) {
    const auto& meeting = cuda_on_cpu::meet(mask, &value, sizeof value);
    const unsigned lane = threadIdx.x % 32;
    if (lane >= reach) memcpy(&value, meeting.shown[lane - reach], sizeof value);
    return value;
}
inline unsigned __ballot_sync(unsigned mask, int flag) {
    flag = flag != 0;
    const auto& meeting = cuda_on_cpu::meet(mask, &flag, sizeof flag);
    unsigned found = 0;
    for (int lane = 0; lane < 32; lane++)
        if (mask >> lane & 1 && meeting.shown[lane][0]) found |= 1u << lane;
    return found;
}
inline int __any_sync(unsigned mask, int flag) { return __ballot_sync(mask, flag) != 0; }
template <typename T>
unsigned __match_any_sync(unsigned mask, T value) {
    const auto& meeting = cuda_on_cpu::meet(mask, &value, sizeof value);
    unsigned found = 0;
    for (int lane = 0; lane < 32; lane++)
        if (mask >> lane & 1 && !memcmp(meeting.shown[lane], &value, sizeof value))
            found |= 1u << lane;
    return found;
}
inline void __threadfence() {}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }

template <typename T>
T atomicAdd(T* place, std::common_type_t<T> value) {
    const T before = *place;
    *place += value;
    return before;
}
template <typename T>
T atomicMin(T* place, std::common_type_t<T> value) {
    const T before = *place;
    *place = std::min(before, value);
    return before;
}
template <typename T>
T atomicCAS(T* place, std::common_type_t<T> expected, std::common_type_t<T> value) {
    const T before = *place;
    if (before == expected)
        *place = value;
    else
        cuda_on_cpu::give_way();  // it may be waiting for another thread in a loop of its own
    return before;
}
template <typename A, typename B>
std::common_type_t<A, B> min(A a, B b) { return a < b ? a : b; }
template <typename A, typename B>
std::common_type_t<A, B> max(A a, B b) { return a > b ? a : b; }

// Products and sums that are rounded each, as all are that g++ compiles with -ffp-contract=off.
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }

inline long long __double_as_longlong(double value) {
    long long bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
inline double __longlong_as_double(long long bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
inline int __float_as_int(float value) {
    int bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
inline float __int_as_float(int bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Functions that NVIDIA rounds otherwise than the CPU's library: one number higher or lower, and
// always so for one argument.
inline double off_by_one(double value) {
    if (!std::isfinite(value) || value == 0 || value == 1) return value;
    const uint64_t mixed = (uint64_t)__double_as_longlong(value) * 0x9E3779B97F4A7C15u;
    return std::nextafter(value, mixed >> 63 ? INFINITY : -INFINITY);
}
inline double off_exp(double x) { return off_by_one(std::exp(x)); }
inline double off_log(double x) { return off_by_one(std::log(x)); }
inline double off_log1p(double x) { return off_by_one(std::log1p(x)); }
inline double off_expm1(double x) { return off_by_one(std::expm1(x)); }
inline double off_pow(double x, double y) { return off_by_one(std::pow(x, y)); }
namespace std {
using ::off_exp, ::off_log, ::off_log1p, ::off_expm1, ::off_pow;
}
#define exp off_exp
#define log off_log
#define log1p off_log1p
#define expm1 off_expm1
#define pow off_pow

// The runtime ---------------------------------------------------------------------------------

enum cudaError { cudaSuccess = 0 };
typedef cudaError cudaError_t;
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaLimit { cudaLimitMallocHeapSize };
struct cudaDeviceProp {
    int multiProcessorCount, maxThreadsPerBlock, maxThreadsPerMultiProcessor, warpSize;
    size_t sharedMemPerBlock, totalGlobalMem;
    int major, minor;
    char name[256];
};
struct cudaFuncAttributes {
    int maxThreadsPerBlock, numRegs;
    size_t sharedSizeBytes, localSizeBytes, constSizeBytes;
};

template <typename T>
cudaError cudaMalloc(T** place, size_t size) {
    *place = (T*)malloc(size ? size : 1);
    memset((void*)*place, 0xA5, size);
    return cudaSuccess;
}
inline cudaError cudaFree(void* place) {
    free(place);
    return cudaSuccess;
}
inline cudaError cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind) {
    memmove(to, from, size);
    return cudaSuccess;
}
template <typename T>
cudaError cudaMemcpyToSymbol(T& symbol, const void* from, size_t size) {
    memcpy((void*)&symbol, from, size);
    return cudaSuccess;
}
inline cudaError cudaMemset(void* place, int value, size_t size) {
    memset(place, value, size);
    return cudaSuccess;
}
inline cudaError cudaMemGetInfo(size_t* free, size_t* total) {
    *free = *total = (size_t)1 << 34;
    return cudaSuccess;
}
inline cudaError cudaGetLastError() { return cudaSuccess; }
inline cudaError cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError cudaSetDevice(int) { return cudaSuccess; }
inline cudaError cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
inline cudaError cudaProfilerStop() { return cudaSuccess; }
inline const char* cudaGetErrorString(cudaError) { return "no error"; }
inline cudaError cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    *properties = {4, 1024, 2048, 32, 49152, (size_t)1 << 34, 9, 0, "a CPU"};
    return cudaSuccess;
}
template <typename Kernel>
cudaError cudaFuncGetAttributes(cudaFuncAttributes* attributes, Kernel) {
    *attributes = {1024, 0, 0, 0, 0};
    return cudaSuccess;
}
template <typename Kernel>
cudaError cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, Kernel, size_t, int) {
    *grid = 1;
    *block = 64;
    return cudaSuccess;
}
template <typename Kernel>
cudaError cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel, int, size_t) {
    *blocks = 1;
    return cudaSuccess;
}
