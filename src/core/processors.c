#include "processors.h"
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t from_environment(void)
{
    const char *text = getenv("NN_NUM_THREADS");
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' ? number : 0;
}

/* More processors than the fixed set can tell of are as many as it can. */
static size_t from_affinity(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        return online > 0 ? (size_t)online : 1;
    }
    return (size_t)CPU_COUNT(&set);
}

static bool read_line(const char *path, char *line, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, line, size - 1);
    close(file);
    if (length <= 0)
        return false;
    line[length] = '\0';
    return true;
}

static size_t rounded_up(double quota, double period)
{
    if (!(quota > 0) || !(period > 0) || quota / period > 1e6)
        return 0;
    const size_t whole = (size_t)(quota / period);
    return (double)whole * period < quota ? whole + 1 : whole;
}

/* The limit of the group seen at the root, which is the process's own in a container: "quota period"
 * (version 2), or the two in files of their own (version 1). 0: no limit. */
static size_t from_control_group(void)
{
    char line[128], second[128];
    unsigned long long quota, period;
    if (read_line("/sys/fs/cgroup/cpu.max", line, sizeof(line)))
        return sscanf(line, "%llu %llu", &quota, &period) == 2
                   ? rounded_up((double)quota, (double)period)
                   : 0;
    if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", line, sizeof(line)) &&
        read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", second, sizeof(second)))
        return rounded_up(strtod(line, NULL), strtod(second, NULL));
    return 0;
}

size_t nn_processors_wanted(void)
{
    size_t wanted = from_environment();
    if (wanted > 0)
        return wanted;
    wanted = from_affinity();
    const size_t limit = from_control_group();
    if (limit > 0 && limit < wanted)
        wanted = limit;
    return wanted > 0 ? wanted : 1;
}
