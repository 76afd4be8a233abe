/* Random numbers: none. */
#pragma once
#include "cuda_on_cpu.h"

enum curandStatus_t { CURAND_STATUS_SUCCESS = 0 };
enum curandRngType_t { CURAND_RNG_PSEUDO_DEFAULT, CURAND_RNG_PSEUDO_XORWOW };
typedef int curandGenerator_t;
struct curandState {};
inline const char* _curandGetErrorEnum(curandStatus_t) { return "no error"; }

template <typename... Any>
curandStatus_t curandCreateGenerator(Any...) { return CURAND_STATUS_SUCCESS; }
template <typename... Any>
curandStatus_t curandDestroyGenerator(Any...) { return CURAND_STATUS_SUCCESS; }
template <typename... Any>
curandStatus_t curandSetPseudoRandomGeneratorSeed(Any...) { return CURAND_STATUS_SUCCESS; }
template <typename... Any>
curandStatus_t curandSetGeneratorOffset(Any...) { return CURAND_STATUS_SUCCESS; }
template <typename... Any>
void curand_init(Any...) {}

template <typename... Any>
curandStatus_t curandGenerateUniform(Any...) { cuda_on_cpu::give_up("no random numbers"); }
template <typename... Any>
curandStatus_t curandGenerateUniformDouble(Any...) { cuda_on_cpu::give_up("no random numbers"); }
template <typename... Any>
curandStatus_t curandGenerateNormal(Any...) { cuda_on_cpu::give_up("no random numbers"); }
template <typename... Any>
curandStatus_t curandGenerateNormalDouble(Any...) { cuda_on_cpu::give_up("no random numbers"); }
template <typename... Any>
curandStatus_t curandGeneratePoisson(Any...) { cuda_on_cpu::give_up("no random numbers"); }
