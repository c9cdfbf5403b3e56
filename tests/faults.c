#include "faults.h"
#include "system.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>

enum kind { NOTHING, ALLOCATION, IO };

static atomic_int armed = NOTHING;
static atomic_size_t fail_at, calls, bytes_asked;
static atomic_bool fail_once;
static atomic_long live_blocks, open_files;

/* Counts a call of that kind; true if it is to fail. */
static bool fails(enum kind kind)
{
    if (atomic_load(&armed) != (int)kind)
        return false;
    size_t call = atomic_fetch_add(&calls, 1) + 1;
    size_t k = atomic_load(&fail_at);
    bool failing = atomic_load(&fail_once) ? call == k : call >= k;
    if (failing && kind == IO)
        errno = EIO;
    return failing;
}

static void *counted_allocate(void *user, size_t alignment, size_t size)
{
    (void)user;
    if (fails(ALLOCATION))
        return NULL;
    void *memory = nn_system_default.allocate(nn_system_default.user, alignment, size);
    if (memory != NULL)
        atomic_fetch_add(&live_blocks, 1);
    atomic_fetch_add(&bytes_asked, size);
    return memory;
}

static void counted_release(void *user, void *memory)
{
    (void)user;
    if (memory != NULL)
        atomic_fetch_sub(&live_blocks, 1);
    nn_system_default.release(nn_system_default.user, memory);
}

static int counted_open(const char *path, int flags, mode_t mode)
{
    int file = fails(IO) ? -1 : nn_system_default.open(path, flags, mode);
    if (file >= 0)
        atomic_fetch_add(&open_files, 1);
    return file;
}

static ssize_t counted_read(int file, void *buffer, size_t size)
{
    return fails(IO) ? -1 : nn_system_default.read(file, buffer, size);
}

static ssize_t counted_write(int file, const void *buffer, size_t size)
{
    return fails(IO) ? -1 : nn_system_default.write(file, buffer, size);
}

/* What a sync is for, a test can't see, and a disk takes its time for thousands of them. */
static int counted_fsync(int file)
{
    return fails(IO) || fcntl(file, F_GETFD) < 0 ? -1 : 0;
}

static int counted_close(int file)
{
    int result = nn_system_default.close(file);
    if (result == 0)
        atomic_fetch_sub(&open_files, 1);
    return fails(IO) ? -1 : result;
}

static int counted_rename(const char *from, const char *to)
{
    return fails(IO) ? -1 : nn_system_default.rename(from, to);
}

static int counted_unlink(const char *path)
{
    return fails(IO) ? -1 : nn_system_default.unlink(path);
}

static int counted_mkdir(const char *path, mode_t mode)
{
    return fails(IO) ? -1 : nn_system_default.mkdir(path, mode);
}

static int counted_rmdir(const char *path)
{
    return fails(IO) ? -1 : nn_system_default.rmdir(path);
}

static void install(void)
{
    nn_system_calls.allocate = counted_allocate;
    nn_system_calls.release = counted_release;
    nn_system_calls.user = NULL;
    nn_system_calls.open = counted_open;
    nn_system_calls.read = counted_read;
    nn_system_calls.write = counted_write;
    nn_system_calls.fsync = counted_fsync;
    nn_system_calls.close = counted_close;
    nn_system_calls.rename = counted_rename;
    nn_system_calls.unlink = counted_unlink;
    nn_system_calls.mkdir = counted_mkdir;
    nn_system_calls.rmdir = counted_rmdir;
}

static void arm(enum kind kind, size_t k, bool once)
{
    install();
    atomic_store(&fail_at, k);
    atomic_store(&fail_once, once);
    atomic_store(&calls, 0);
    atomic_store(&armed, (int)kind);
}

void faults_fail_allocation(size_t k, bool once)
{
    arm(ALLOCATION, k, once);
}

void faults_fail_io(size_t k, bool once)
{
    arm(IO, k, once);
}

size_t faults_calls(void)
{
    return atomic_load(&calls);
}

void faults_reset(void)
{
    install();
    atomic_store(&armed, (int)NOTHING);
}

long faults_live_blocks(void)
{
    install();
    return atomic_load(&live_blocks);
}

long faults_open_files(void)
{
    install();
    return atomic_load(&open_files);
}

size_t faults_bytes_asked(void)
{
    install();
    return atomic_load(&bytes_asked);
}
