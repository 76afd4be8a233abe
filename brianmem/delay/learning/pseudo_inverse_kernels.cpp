// The loops of the pseudo-inverse rule: windows of patterns, times vectors. See
// pseudo_inverse_kernels.py.

#include <algorithm>
#include <cstdint>

#include "array.h"

namespace {

struct Windows {
    Array<const int32_t> neuron, step;
    Array<const int64_t> row;  // of step 0 of the spike's pattern, if it had a window
    int64_t n_delays, n_steps;

    // Call a function of a column, a row and a length for each spike: it is in as many windows, one
    // step and one delay after the other.
    template <class Function>
    void each(Function function) const {
        for (int64_t k = 0; k < neuron.size; ++k) {
            const int64_t begin = std::max<int64_t>(step[k] + 1, n_delays);
            const int64_t end = std::min<int64_t>(step[k] + n_delays + 1, n_steps);
            if (begin >= end) continue;
            const int64_t column = neuron[k] * n_delays + begin - step[k] - 1;
            function(column, row[k] + begin, end - begin);
        }
    }
};

void add(double* ALONE to, const double* ALONE from, int64_t n) {
    for (int64_t k = 0; k < n; ++k) to[k] += from[k];
}

}  // namespace

extern "C" {

void times(Windows windows, Array<double> x, Array<double> y) {
    std::fill(y.begin(), y.end(), 0.0);
    windows.each([&](int64_t column, int64_t row, int64_t n) { add(&y[row], &x[column], n); });
}

void transposed_times(Windows windows, Array<double> y, Array<double> x) {
    std::fill(x.begin(), x.end(), 0.0);
    windows.each([&](int64_t column, int64_t row, int64_t n) { add(&x[column], &y[row], n); });
}

}  // extern "C"
