/* Loops for the widest vector registers of the processor that a program runs on.

Vectors are GCC's. Compilers take a vector that is wider than a register apart, and selections
(a > b ? a : b) even into single numbers. So a loop is a template on the bytes of a register: compiled
for each width that the processor may have, and chosen when the program runs. With -march=native
only one width is compiled. */
#ifndef BRIANMEM_REGISTERS_H
#define BRIANMEM_REGISTERS_H

#define BRIANMEM_INLINE inline __attribute__((always_inline))

/* Every width that is compiled, the widest first: bytes, name, whether this processor has it, and
   the attribute of a function for it. */
#if defined(__AVX512F__)
#define BRIANMEM_REGISTERS(EACH) EACH(64, "AVX-512", true, )
#elif defined(__AVX2__)
#define BRIANMEM_REGISTERS(EACH) EACH(32, "AVX2", true, )
#elif defined(__x86_64__)
#define BRIANMEM_REGISTERS(EACH)                                                                    \
    EACH(64, "AVX-512", __builtin_cpu_supports("avx512f"), __attribute__((target("avx512f"))))      \
    EACH(32, "AVX2", __builtin_cpu_supports("avx2"), __attribute__((target("avx2"))))               \
    EACH(16, "SSE2", true, )
#elif defined(__ARM_NEON)
#define BRIANMEM_REGISTERS(EACH) EACH(16, "NEON", true, )
#else
#define BRIANMEM_REGISTERS(EACH) EACH(16, "none known", true, )
#endif

namespace brianmem {

/* Bytes of the widest registers that this processor has and this code is compiled for. */
inline int register_bytes() {
#define BRIANMEM_EACH(bytes, name, here, attribute) \
    if (here) return bytes;
    BRIANMEM_REGISTERS(BRIANMEM_EACH)
#undef BRIANMEM_EACH
    return 0;
}

inline const char* register_name() {
#define BRIANMEM_EACH(bytes, name, here, attribute) \
    if (here) return name;
    BRIANMEM_REGISTERS(BRIANMEM_EACH)
#undef BRIANMEM_EACH
    return "";
}

#define BRIANMEM_EACH(bytes, name, here, attribute) \
    template <typename Work>                        \
    attribute void in_registers_of_##bytes(const Work& work) { work.template run<bytes>(); }
BRIANMEM_REGISTERS(BRIANMEM_EACH)
#undef BRIANMEM_EACH

/* work.run<bytes>(), which has to be BRIANMEM_INLINE, compiled for registers of so many bytes. */
template <typename Work>
inline void in_registers(int bytes, const Work& work) {
    switch (bytes) {
#define BRIANMEM_EACH(bytes, name, here, attribute) \
    case bytes: return in_registers_of_##bytes(work);
        BRIANMEM_REGISTERS(BRIANMEM_EACH)
#undef BRIANMEM_EACH
    }
}

}  // namespace brianmem
#endif
