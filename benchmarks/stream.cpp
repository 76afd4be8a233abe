// Reads the columns of a matrix in a given order: no engine that adds a column per spike is faster.
#include <chrono>
#include <cstdint>

typedef float lanes __attribute__((vector_size(64), aligned(4)));

extern "C" double seconds_per_column(const float* matrix, long length, const int32_t* order,
                                     long n, float* sum)
{
    lanes a = {}, b = {};
    const auto begin = std::chrono::steady_clock::now();
    for (long k = 0; k < n; k++)
    {
        const float* column = matrix + order[k] * length;
        long i = 0;
        for (; i + 32 <= length; i += 32)
        {
            a += *(const lanes*)(column + i);
            b += *(const lanes*)(column + i + 16);
        }
        for (; i + 16 <= length; i += 16) a += *(const lanes*)(column + i);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    a += b;
    for (int k = 0; k < 16; k++) *sum += a[k];
    return took.count() / n;
}
