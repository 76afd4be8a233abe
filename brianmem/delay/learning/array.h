// NumPy arrays as C++ sees them; cpp_arguments.py passes them.

#pragma once

#include <cstdint>

// What a pointer to the elements reaches, no other pointer does.
#define ALONE __restrict__

template <class T>
struct Array {
    T* data;
    int64_t size;   // elements along the first axis
    int64_t width;  // elements of a row; 1 if there is one axis only

    T& operator[](int64_t k) const { return data[k]; }
    T* row(int64_t k) const { return data + k * width; }
    T* begin() const { return data; }
    T* end() const { return data + size * width; }
};
