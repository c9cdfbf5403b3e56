/* backup_and_restore: keeps what is needed to go on with an interrupted training in a directory. A fit
 * that finds such a backup there goes on from it, bit for bit as if there had been no interruption;
 * one that came to its end removes it. Source: Keras's BackupAndRestore. */
#include "callback.h"
#include "directories.h"
#include "save_frequency.h"
#include "status.h"
#include "system.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct backup_and_restore {
    char *backup_dir, *save_freq;
    bool double_checkpoint, delete_checkpoint;
};

struct progress {
    size_t batches; /* since the last backup */
};

struct backup_and_restore_state {
    struct progress progress;
    size_t save_freq;                          /* batches; 0: epochs */
    char latest[PATH_MAX], previous[PATH_MAX]; /* the files */
};

static const nn_option options[] = {
    NN_OPTION_STRING_REQUIRED(struct backup_and_restore, backup_dir,
                              "the directory for it, of this training alone; it is made"),
    NN_OPTION_SAVE_FREQ(struct backup_and_restore),
    NN_OPTION_BOOL(struct backup_and_restore, double_checkpoint, false,
                   "whether the backup before the latest is kept, too, and used where that can't "
                   "be read"),
    NN_OPTION_BOOL(struct backup_and_restore, delete_checkpoint, true,
                   "whether the backup is removed once training came to its end"),
    NN_OPTION_END,
};

/* The files' paths; false if they are too long. */
static bool name_files(const char *directory, char latest[PATH_MAX], char previous[PATH_MAX])
{
    const size_t length = strlen(directory);
    const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";
    return snprintf(latest, PATH_MAX, "%s%slatest.safetensors", directory, slash) < PATH_MAX &&
           snprintf(previous, PATH_MAX, "%s%sprevious.safetensors", directory, slash) < PATH_MAX;
}

static nn_status check(const void *self)
{
    const struct backup_and_restore *backup = self;
    char latest[PATH_MAX], previous[PATH_MAX];
    size_t batches;
    NN_REQUIRE(backup->backup_dir != NULL && backup->backup_dir[0] != '\0', NN_ERR_INVALID,
               "backup_dir is empty");
    NN_REQUIRE(name_files(backup->backup_dir, latest, previous), NN_ERR_INVALID,
               "backup_dir is longer than a path may be");
    return nn_save_frequency_read(backup->save_freq, &batches);
}

static bool exists(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0;
}

static nn_status begin(const struct backup_and_restore *backup,
                       struct backup_and_restore_state *state, const nn_training *training)
{
    NN_TRY(nn_save_frequency_read(backup->save_freq, &state->save_freq));
    name_files(backup->backup_dir, state->latest, state->previous);
    NN_TRY(nn_make_directories(state->latest)); /* rather than after an epoch that would be lost */
    nn_status status = NN_OK;
    const bool latest = exists(state->latest);
    if (latest)
        status = training->restore(training->fit, state->latest);
    const bool unreadable = status == NN_ERR_IO || status == NN_ERR_FORMAT;
    if (backup->double_checkpoint && (unreadable || !latest) && exists(state->previous))
        status = training->restore(training->fit, state->previous);
    return status;
}

/* The backup before becomes the previous one by its name alone, so that there is always a whole one. */
static nn_status save(const struct backup_and_restore *backup,
                      struct backup_and_restore_state *state, const nn_training *training)
{
    NN_TRY(nn_make_directories(state->latest));
    if (backup->double_checkpoint && exists(state->latest))
        NN_REQUIRE(nn_system_calls.rename(state->latest, state->previous) == 0, NN_ERR_IO,
                   "%s: can't be renamed: %s", state->latest, strerrordesc_np(errno));
    training->backup(training->fit, state->latest);
    return NN_OK;
}

static nn_status remove_file(const char *path)
{
    NN_REQUIRE(!exists(path) || nn_system_calls.unlink(path) == 0, NN_ERR_IO,
               "%s: can't be removed: %s", path, strerrordesc_np(errno));
    return NN_OK;
}

/* The directory goes, too, unless it holds something else. */
static nn_status end(const struct backup_and_restore *backup,
                     const struct backup_and_restore_state *state, const nn_training *training)
{
    if (!backup->delete_checkpoint || training->status != NN_OK)
        return NN_OK;
    NN_TRY(remove_file(state->latest));
    NN_TRY(remove_file(state->previous));
    if (exists(backup->backup_dir))
        nn_system_calls.rmdir(backup->backup_dir);
    return NN_OK;
}

static nn_status on_event(const void *self, void *state_memory, const nn_training *training,
                          const nn_event *event)
{
    struct backup_and_restore_state *state = state_memory;
    if (event->kind == NN_EVENT_TRAIN_BEGIN)
        return begin(self, state, training);
    if (event->kind == NN_EVENT_TRAIN_END)
        return end(self, state, training);
    const bool due =
        nn_save_frequency_is_due(state->save_freq, &state->progress.batches, event->kind);
    return due ? save(self, state, training) : NN_OK;
}

const nn_callback nn_callback_backup_and_restore = {
    .part =
        {
            .name = "backup_and_restore",
            .options = options,
            .size = sizeof(struct backup_and_restore),
            .help = "backs training up, and goes on from the backup of one that was interrupted",
            .sample = "backup_and_restore backup_dir=backup",
            .check = check,
        },
    .state_size = sizeof(struct backup_and_restore_state),
    .progress_size = sizeof(struct progress),
    .on_event = on_event,
};
