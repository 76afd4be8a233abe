/* exp and log out of sums, products and quotients alone, which all processors round alike.

   Those of libraries may differ in the last bit from machine to machine, and with them would the times
   of spikes. brianmem.engine.elementary has the same steps in Python. */
#ifndef BRIANMEM_ELEMENTARY_H
#define BRIANMEM_ELEMENTARY_H

#include <math.h>

#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define BRIANMEM_ANYWHERE __host__ __device__ inline
#else
#define BRIANMEM_ANYWHERE inline
#endif

namespace brianmem {

// Their sum is log(2); whole multiples of the first, up to a million, are exact.
#define BRIANMEM_LOG2_HIGH 0.6931471803691238
#define BRIANMEM_LOG2_LOW 1.9082149292705877e-10

/* 2^k exp(r), where r is at most log(2)/2 and has a short series; beyond 700, infinity or 0. */
BRIANMEM_ANYWHERE double exponential(double x) {
    if (!(x < 700)) return INFINITY;
    if (x < -700) return 0;
    const double k = floor(1.4426950408889634 * x + 0.5);
    const double r = (x - k * BRIANMEM_LOG2_HIGH) - k * BRIANMEM_LOG2_LOW;
    double sum = 1;
    for (int n = 14; n > 0; n--) sum = 1 + r * sum / n;
    return ldexp(sum, (int)k);
}

/* k log(2) + log(m) of a positive normal number, where m lies between sqrt(1/2) and sqrt(2), and
   log(m) is the series of the area tangent of (m - 1)/(m + 1), twice. */
BRIANMEM_ANYWHERE double logarithm(double x) {
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int64_t exponent = (bits - 0x3FE6A09E667F3BCD) >> 52;  // of sqrt(1/2)
    bits -= exponent * ((int64_t)1 << 52);
    double m;
    memcpy(&m, &bits, sizeof m);
    const double f = (m - 1) / (m + 1), square = f * f, k = (double)exponent;
    double sum = 0;
    for (int n = 21; n > 1; n -= 2) sum = square * (1.0 / n + sum);
    return k * BRIANMEM_LOG2_HIGH + (2 * f + (2 * f * sum + k * BRIANMEM_LOG2_LOW));
}

}  // namespace brianmem
#endif
