/* Everything libnn asks of the system: memory and files go through this one table, so that a host can
 * bring its allocator and a test can make the k-th call fail. */
#ifndef NN_CORE_SYSTEM_H
#define NN_CORE_SYSTEM_H

#include <stddef.h>
#include <sys/types.h>

typedef struct nn_system {
    void *(*allocate)(void *user, size_t alignment, size_t size);
    void (*release)(void *user, void *memory);
    void *user;
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*read)(int file, void *buffer, size_t size);
    ssize_t (*write)(int file, const void *buffer, size_t size);
    int (*fsync)(int file);
    int (*close)(int file);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    int (*mkdir)(const char *path, mode_t mode);
    int (*rmdir)(const char *path);
} nn_system;

extern nn_system nn_system_calls;

/* The table as it is at start. */
extern const nn_system nn_system_default;

#endif
