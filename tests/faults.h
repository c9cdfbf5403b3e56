/* Makes the k-th allocation or the k-th file call of the library fail, and counts what is alive, by
 * functions of its own in nn_system_calls. They are put there by the first call of any function
 * below and stay; faults_reset only disarms. A test that goes through every fault:
 *
 *     long blocks = faults_live_blocks();
 *     for (size_t k = 1;; k++) {
 *         faults_fail_allocation(k, true);
 *         status = work();                     frees what it made, whether it failed or not
 *         bool failed = faults_calls() >= k;
 *         faults_reset();
 *         ck_assert_int_eq(faults_live_blocks(), blocks);
 *         if (!failed)
 *             break;                           work() made fewer than k calls
 *     }
 */
#ifndef NN_TESTS_FAULTS_H
#define NN_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the k-th allocation (k from 1) fails: that one only, or it and all later ones. */
void faults_fail_allocation(size_t k, bool once);

/* The same for open, read, write, fsync, close, rename, unlink, mkdir and rmdir, counted together: they return -1
 * with errno EIO. A close that fails has closed the file, as on Linux. */
void faults_fail_io(size_t k, bool once);

/* Calls since the last of the two functions above, of the kind that it named. */
size_t faults_calls(void);

/* Nothing fails any more. */
void faults_reset(void);

/* Blocks allocated and not yet released, files opened and not yet closed: compare two readings. */
long faults_live_blocks(void);
long faults_open_files(void);

/* Bytes asked for since faults_live_blocks or another function was first called. */
size_t faults_bytes_asked(void);

#endif
