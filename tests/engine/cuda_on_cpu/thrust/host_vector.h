/* Vectors, which all are on the CPU, and what is done with them. */
#pragma once
#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace thrust {
template <typename T>
struct host_vector : std::vector<T> {
    using std::vector<T>::vector;
    host_vector(const std::vector<T>& other) : std::vector<T>(other) {}
};
template <typename T>
struct device_vector : std::vector<T> {
    using std::vector<T>::vector;
    device_vector(const std::vector<T>& other) : std::vector<T>(other) {}
};
template <typename T>
using device_ptr = T*;
template <typename A, typename B>
using pair = std::pair<A, B>;

template <typename T>
T* raw_pointer_cast(T* pointer) { return pointer; }
template <typename In, typename Condition>
long count_if(In first, In last, Condition condition) { return std::count_if(first, last, condition); }
template <typename In, typename Out, typename Condition>
Out copy_if(In first, In last, Out to, Condition condition) {
    return std::copy_if(first, last, to, condition);
}
template <typename In>
void sequence(In first, In last) { std::iota(first, last, 0); }

template <typename Keys, typename Values>
void sort_by_key(Keys first, Keys last, Values value) {
    std::vector<std::pair<std::decay_t<decltype(*first)>, std::decay_t<decltype(*value)>>> both;
    for (auto key = first; key != last; ++key) both.emplace_back(*key, value[key - first]);
    std::stable_sort(both.begin(), both.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t k = 0; k < both.size(); k++) first[k] = both[k].first, value[k] = both[k].second;
}
template <typename Keys, typename Values>
std::pair<Keys, Values> unique_by_key(Keys first, Keys last, Values value) {
    long n = 0;
    for (long k = 0; k < last - first; k++)
        if (k == 0 || first[k] != first[n - 1]) first[n] = first[k], value[n] = value[k], n++;
    return {first + n, value + n};
}
}  // namespace thrust
