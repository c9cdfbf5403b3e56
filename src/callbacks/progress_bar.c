/*
 * progress_bar: training's progress on standard output. On a terminal a bar with the time left, drawn
 * anew at most ten times a second; elsewhere, or with style=lines, a plain line an epoch.
 */
#include "callback.h"
#include "status.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct progress_bar {
    const char *style;
};

struct progress_bar_state {
    bool bar, given_up;
    double epoch_start, last_drawn; /* seconds */
    size_t drawn_width;             /* characters of the line on the terminal */
    size_t done;                    /* batches of this epoch */
};

static const char *const styles[] = {"auto", "bar", "lines", NULL};

static const nn_option options[] = {
    NN_OPTION_CHOICE(struct progress_bar, style, styles, "auto",
                     "auto draws a bar on a terminal and lines elsewhere"),
    NN_OPTION_END,
};

enum { BAR_WIDTH = 20 };

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* " - loss: 0.4312 - accuracy: 0.8514"; small values as 1.2e-05 */
static void append_values(nn_text *text, const nn_event *event)
{
    for (size_t i = 0; i < event->count; i++) {
        const double value = event->values[i];
        const bool small = value != 0 && value < 1e-3 && value > -1e-3;
        nn_text_append(text, small ? " - %s: %.4e" : " - %s: %.4f", event->names[i], value);
    }
}

/* "1h02m", "3m07s", "12s" */
static void append_duration(nn_text *text, double duration)
{
    const unsigned long seconds = duration < 1e9 ? (unsigned long)(duration + 0.5) : 1000000000;
    if (seconds >= 3600)
        nn_text_append(text, "%luh%02lum", seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        nn_text_append(text, "%lum%02lus", seconds / 60, seconds % 60);
    else
        nn_text_append(text, "%lus", seconds);
}

/* "812us/step" */
static void append_step_time(nn_text *text, double seconds)
{
    if (seconds >= 1)
        nn_text_append(text, "%.1fs/step", seconds);
    else if (seconds >= 1e-3)
        nn_text_append(text, "%.0fms/step", seconds * 1e3);
    else
        nn_text_append(text, "%.0fus/step", seconds * 1e6);
}

/* A display that can't be written to (a closed pipe, a full disk) is given up; training goes on. */
static nn_status print(struct progress_bar_state *state, const nn_text *text)
{
    NN_REQUIRE(!text->failed, NN_ERR_NO_MEMORY, "out of memory");
    if (state->given_up)
        return NN_OK;
    bool written = fwrite(text->data, 1, text->length, stdout) == text->length;
    state->given_up = fflush(stdout) != 0 || !written;
    return NN_OK;
}

/* Draws the line over the one before; blanks cover what is left of a longer one. */
static nn_status draw(struct progress_bar_state *state, const nn_event *event, size_t done,
                      bool ended)
{
    nn_text text = NN_TEXT_INIT;
    const size_t filled = event->batches > 0 ? done * BAR_WIDTH / event->batches : 0;
    const double spent = seconds_now() - state->epoch_start;
    const double step = done > 0 ? spent / (double)done : 0;
    if (event->batches > 0)
        nn_text_append(&text, "\r%zu/%zu [", done, event->batches);
    else
        nn_text_append(&text, "\r%zu/? [", done);
    for (size_t i = 0; i < BAR_WIDTH; i++)
        nn_text_append(&text, "%s", i < filled ? "=" : i == filled ? ">" : ".");
    nn_text_append(&text, "] ");
    if (ended) {
        append_duration(&text, spent);
        nn_text_append(&text, " ");
        append_step_time(&text, step);
    } else if (event->batches > 0) {
        append_duration(&text, step * (double)(event->batches - done));
        nn_text_append(&text, " left");
    }
    append_values(&text, event);
    const size_t width = text.length;
    if (width < state->drawn_width)
        nn_text_append(&text, "%*s", (int)(state->drawn_width - width), "");
    state->drawn_width = ended ? 0 : width;
    if (ended)
        nn_text_append(&text, "\n");
    nn_status status = print(state, &text);
    nn_text_free(&text);
    return status;
}

static nn_status epoch_begin(struct progress_bar_state *state, const nn_event *event)
{
    state->epoch_start = seconds_now();
    state->last_drawn = 0;
    if (!state->bar)
        return NN_OK;
    nn_text text = NN_TEXT_INIT;
    nn_text_append(&text, "Epoch %zu/%zu\n", event->epoch + 1, event->epochs);
    nn_status status = print(state, &text);
    nn_text_free(&text);
    return status;
}

static nn_status batch_end(struct progress_bar_state *state, const nn_event *event)
{
    state->done = event->batch + 1; /* an epoch may have less than was expected */
    if (!state->bar)
        return NN_OK;
    const double now = seconds_now();
    if (now - state->last_drawn < 0.1)
        return NN_OK;
    state->last_drawn = now;
    return draw(state, event, event->batch + 1, false);
}

static nn_status epoch_end(struct progress_bar_state *state, const nn_event *event)
{
    if (state->bar)
        return draw(state, event, state->done, true);
    const double spent = seconds_now() - state->epoch_start;
    nn_text text = NN_TEXT_INIT;
    nn_text_append(&text, "Epoch %zu/%zu - %.2fs", event->epoch + 1, event->epochs, spent);
    append_values(&text, event);
    nn_text_append(&text, "\n");
    nn_status status = print(state, &text);
    nn_text_free(&text);
    return status;
}

/* A line that a stop left half drawn is ended. */
static nn_status end(struct progress_bar_state *state)
{
    nn_text text = NN_TEXT_INIT;
    if (state->drawn_width == 0)
        return NN_OK;
    nn_text_append(&text, "\n");
    nn_status status = print(state, &text);
    nn_text_free(&text);
    return status;
}

static nn_status on_event(const void *self, void *state_memory, const nn_training *training,
                          const nn_event *event)
{
    const struct progress_bar *bar = self;
    struct progress_bar_state *state = state_memory;
    (void)training;
    switch (event->kind) {
    case NN_EVENT_TRAIN_BEGIN:
        state->bar = strcmp(bar->style, "bar") == 0 ||
                     (strcmp(bar->style, "auto") == 0 && isatty(STDOUT_FILENO));
        return NN_OK;
    case NN_EVENT_EPOCH_BEGIN:
        return epoch_begin(state, event);
    case NN_EVENT_BATCH_END:
        return batch_end(state, event);
    case NN_EVENT_EPOCH_END:
        return epoch_end(state, event);
    case NN_EVENT_TRAIN_END:
        return end(state);
    default:
        return NN_OK;
    }
}

const nn_callback nn_callback_progress_bar = {
    .part =
        {
            .name = "progress_bar",
            .class_name = "ProgbarLogger",
            .options = options,
            .size = sizeof(struct progress_bar),
            .help = "shows progress, loss, metrics and time left on standard output",
            .sample = "progress_bar style=lines",
        },
    .state_size = sizeof(struct progress_bar_state),
    .on_event = on_event,
};
