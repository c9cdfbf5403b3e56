/* Element-wise loops in plain C, compiled for the widest vectors of the processor at hand: one source,
 * clones for AVX-512 and AVX2 chosen when the library is loaded. All clones do the same operations in
 * the same order (contraction to fused multiply-add is off), so they give the same bits. The AVX-512
 * clone is named by the level x86-64-v4, which any processor that has it matches; a name such as
 * skylake-avx512 would match that model alone. */
#ifndef NN_KERNELS_VECTORIZE_H
#define NN_KERNELS_VECTORIZE_H

#include <stdint.h> /* any header of the C library, for __GLIBC__ */

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) &&                         \
    !defined(NN_NO_CLONES) && !defined(__SANITIZE_THREAD__) && !defined(__clang__) &&              \
    __GNUC__ >= 12
#define NN_VECTORIZE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define NN_VECTORIZE
#endif

#endif
