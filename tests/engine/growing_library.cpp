// The growing frame as a library, in registers of any width.
#include "growing_frame.cpp"

#include <algorithm>

using namespace brianmem;
typedef BRIANMEM_REAL real;

static bool has_registers(int wanted) {
#define EACH(bytes, name, here, attribute) \
    if (bytes == wanted) return here;
    BRIANMEM_REGISTERS(EACH)
    return false;
}

extern "C" int widest_registers() { return register_bytes(); }

// What the processor lacks, the compiler puts together from narrower ones: slow, with the same results.
template <template <typename, int> class State>
static void run_in(int bytes, const RunAll<State, real>& work) {
    if (has_registers(bytes)) return in_registers(bytes, work);
    if (bytes == 64) return work.template run<64>();
    if (bytes == 32) return work.template run<32>();
    return work.template run<16>();
}

// Networks of one size, one after another, with the same `numbers`: lift, tau, drive and bias. Returns
// how many spikes there were.
extern "C" long run(int bytes, bool mirrored, long n, long n_networks, long padded,
                    const real* columns, const real* own, const double* numbers, double* v,
                    double left, double* credits, int32_t* neuron, double* time, long room,
                    int32_t* failure) {
    std::vector<Frame<real> > nets;
    for (long k = 0; k < n_networks; k++)
        nets.push_back({n, padded, columns + k * n * padded, mirrored ? own + k * n : own,
                        numbers[0], numbers[1], numbers[2], numbers[3]});
    Record record;
    if (mirrored)
        run_in(bytes, RunAll<Mirrored, real>{nets, v, 0, left, credits, record});
    else
        run_in(bytes, RunAll<Dense, real>{nets, v, 0, left, credits, record});
    const long n_spikes = std::min<long>(record.size(), room);
    std::copy_n(record.neurons(), n_spikes, neuron);
    std::copy_n(record.times(), n_spikes, time);
    failure[0] = record.failure;
    failure[1] = record.failed_neuron;
    return record.size();
}
