/* The parts of a delay step on a GPU against those on a CPU: bit for bit. */
#define BRIANMEM_REAL float
#include "cuda_on_cpu.h"
#include "delay_block.h"

using namespace brianmem;

struct Case {
    int n, n_delays, threads, n_sent;
    std::mt19937 rng;
    std::vector<int64_t> row{0};
    std::vector<Synapse> synapses;
    std::vector<int32_t> sent;
    std::vector<double> sum;
    std::vector<char> open;

    Case(int n, int n_delays, int threads, double density, int n_sent, int seed)
        : n(n), n_delays(n_delays), threads(threads), n_sent(n_sent), rng(seed) {
        std::uniform_real_distribution<double> part;
        std::normal_distribution<double> normal;
        for (int r = 0; r < n * n_delays; r++) {
            for (int j = 0; j < n; j++)
                if (part(rng) < density)
                    synapses.push_back({j, (float)(normal(rng) * pow(10, 8 * part(rng)))});
            row.push_back(synapses.size());
        }
        for (int k = 0; k < n_sent; k++) sent.push_back(rng() % (n * n_delays));
        // What ends stands in front.
        std::stable_partition(sent.begin(), sent.end(),
                              [=](int at) { return (at + 1) % n_delays == 0; });
        for (int j = 0; j < n; j++) sum.push_back(normal(rng)), open.push_back(part(rng) < 0.7);
    }
};

int check(Case& c, bool dense, bool refractory) {
    std::vector<float> all(c.row.size() * c.n);
    for (size_t r = 0; r + 1 < c.row.size(); r++)
        for (int64_t k = c.row[r]; k < c.row[r + 1]; k++)
            all[r * c.n + c.synapses[k].post] = c.synapses[k].weight;
    const DelayedWeights weights = {dense ? nullptr : c.row.data(), c.synapses.data(), all.data(),
                                    c.n};
    const char* open = refractory ? c.open.data() : nullptr;
    std::vector<double> here = c.sum, there = c.sum;
    std::vector<int32_t> row_here = c.sent, row_there = c.sent;
    int32_t count = c.n_sent, left = -1;

    Sent sent = {row_here.data(), &count, c.n_delays};
    add_inputs(weights, sent, here.data(), open);
    Events none = {nullptr, nullptr, 0, 0};
    send(Record(), 0, none, 0, 0, sent);

    cuda_on_cpu::launch({1, (unsigned)c.threads}, [&] {
        __shared__ Shelf shelf;
        const Sent sent = {row_there.data(), nullptr, c.n_delays};
        if (dense)
            add_dense_here(weights, row_there.data(), c.n_sent, there.data(), open);
        else
            add_sparse_here(weights, row_there.data(), c.n_sent, there.data(), open, shelf);
        const int found = move_on(sent, c.n_sent);
        if (threadIdx.x == 0) left = found;
    });
    if (here != there) return printf("sums differ\n"), 1;
    if (left != count) return printf("%d spikes are left, not %d\n", left, count), 1;
    for (int k = 0; k < count; k++)
        if (row_here[k] != row_there[k]) return printf("spike %d moves elsewhere\n", k), 1;
    return 0;
}

int main() {
    int failed = 0;
    for (int seed = 0; seed < 3; seed++) {
        Case few(7, 1, 32, 0.5, 5, seed), some(70, 5, 96, 0.1, 40, seed);
        Case many(70, 9, 64, 0.9, 200, seed);  // more rows than threads, and more than is staged
        Case nothing(20, 3, 32, 0.0, 30, seed), silent(20, 3, 32, 0.5, 0, seed);
        for (Case* c : {&few, &some, &many, &nothing, &silent})
            for (bool dense : {true, false})
                for (bool refractory : {true, false}) failed += check(*c, dense, refractory);
    }
    return failed;
}
