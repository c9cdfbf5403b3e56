/* The arithmetic type: float in the library. The tests compile the same sources with double as well,
 * so that finite differences check the very code that ships. */
#ifndef NN_CORE_REAL_H
#define NN_CORE_REAL_H

#ifdef NN_REAL_DOUBLE
typedef double nn_real;
#else
typedef float nn_real;
#endif

#endif
