#include "listeners.h"
#include "allocate.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

static const char *const verbose_specs[] = {NULL, "progress_bar", "progress_bar style=lines"};

static nn_status fill(nn_listeners *listeners, const nn_spec_list *specs)
{
    listeners->list = nn_allocate(specs->count, sizeof(*listeners->list));
    if (listeners->list == NULL)
        return NN_ERR_NO_MEMORY;
    for (size_t i = 0; i < specs->count; i++) {
        nn_listener *listener = &listeners->list[listeners->count];
        NN_TRY(nn_part_create(&listener->part, &nn_callback_room, specs->specs[i]));
        listeners->count++;
        listener->state = nn_allocate(1, nn_callback_of(&listener->part)->state_size);
        if (listener->state == NULL)
            return NN_ERR_NO_MEMORY;
    }
    return NN_OK;
}

nn_status nn_listeners_create(nn_listeners *listeners, const nn_fit_options *options)
{
    *listeners = (nn_listeners){.function = options->callback,
                                .user = options->callback_user,
                                .all_events = options->all_events != 0};
    nn_text text = NN_TEXT_INIT;
    nn_spec_list specs = {NULL, 0};
    nn_text_append(&text, "%s; %s", options->verbose != 0 ? verbose_specs[options->verbose] : "",
                   options->callbacks != NULL ? options->callbacks : "");
    nn_status status = text.failed ? NN_ERR_NO_MEMORY : nn_spec_parse_list(&specs, text.data);
    if (status == NN_OK)
        status = fill(listeners, &specs);
    nn_spec_list_free(&specs);
    nn_text_free(&text);
    if (status != NN_OK) {
        nn_listeners_free(listeners);
        return nn_fail_in(status, "callbacks");
    }
    return NN_OK;
}

void nn_listeners_free(nn_listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        nn_part_free(&listeners->list[i].part);
        nn_release(listeners->list[i].state);
    }
    nn_release(listeners->list);
    listeners->list = NULL;
    listeners->count = 0;
}

/* The caller's function may fail in a call to this library, which has left a message, or by itself,
 * without one. */
static nn_status call_function(nn_listeners *listeners, const nn_event *event)
{
    char before[1024];
    snprintf(before, sizeof(before), "%s", nn_error_message());
    nn_status status = listeners->function(event, listeners->user);
    if (status == NN_OK || status == NN_STOPPED)
        return status;
    if (strcmp(before, nn_error_message()) != 0)
        return nn_fail_in(status, "the caller's callback, epoch %zu", event->epoch);
    return nn_fail(status, "the caller's callback failed with status %d (%s) in epoch %zu",
                   (int)status, nn_status_string(status), event->epoch);
}

/* The first failure, else a wish to stop. */
static nn_status worse(nn_status first, nn_status second)
{
    return first == NN_OK || (first == NN_STOPPED && second != NN_OK) ? second : first;
}

bool nn_listeners_want_gradients(const nn_listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (nn_callback_of(&listeners->list[i].part)->wants_gradients)
            return true;
    return false;
}

nn_status nn_listeners_columns(const nn_listeners *listeners, const nn_model *model,
                               nn_status (*add)(void *user, const char *name), void *user)
{
    for (size_t i = 0; i < listeners->count; i++) {
        const nn_part *part = &listeners->list[i].part;
        if (nn_callback_of(part)->columns != NULL)
            NN_TRY(nn_callback_of(part)->columns(part->self, model, add, user));
    }
    return NN_OK;
}

void nn_listeners_measure(const nn_listeners *listeners, const nn_training *training,
                          double *values)
{
    for (size_t i = 0; i < listeners->count; i++) {
        const nn_listener *listener = &listeners->list[i];
        const nn_callback *callback = nn_callback_of(&listener->part);
        if (callback->measure != NULL)
            callback->measure(listener->part.self, listener->state, training, values);
    }
}

nn_status nn_listeners_ask_nonfinite(const nn_listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        const nn_part *part = &listeners->list[i].part;
        const nn_callback *callback = nn_callback_of(part);
        if (callback->on_nonfinite != NULL && callback->on_nonfinite(part->self) == NN_STOPPED)
            return NN_STOPPED;
    }
    return NN_OK;
}

static nn_status tell_callback(const nn_listener *listener, const nn_training *training,
                               const nn_event *event)
{
    const nn_callback *callback = nn_callback_of(&listener->part);
    nn_status status = callback->on_event(listener->part.self, listener->state, training, event);
    return status == NN_OK || status == NN_STOPPED
               ? status
               : nn_fail_in(status, "%s", listener->part.type->name);
}

static nn_status tell_end(nn_listeners *listeners, const nn_training *training,
                          const nn_event *event)
{
    nn_status first = NN_OK;
    for (size_t i = 0; i < listeners->count; i++) {
        nn_listener *listener = &listeners->list[i];
        if (!listener->begun)
            continue;
        nn_status status = tell_callback(listener, training, event);
        listener->begun = false;
        first = worse(first, status);
    }
    if (listeners->function_begun) {
        nn_status status = call_function(listeners, event);
        listeners->function_begun = false;
        first = worse(first, status);
    }
    return first;
}

/* Older programs know the first events only. */
static bool is_for_function(const nn_listeners *listeners, nn_event_kind kind)
{
    return listeners->function != NULL && (listeners->all_events || kind <= NN_EVENT_TRAIN_END);
}

nn_status nn_listeners_tell(nn_listeners *listeners, const nn_training *training,
                            const nn_event *event)
{
    bool stop = false;
    if (event->kind == NN_EVENT_TRAIN_END)
        return tell_end(listeners, training, event);
    const bool begin = event->kind == NN_EVENT_TRAIN_BEGIN;
    for (size_t i = 0; i < listeners->count; i++) {
        nn_listener *listener = &listeners->list[i];
        nn_status status = tell_callback(listener, training, event);
        if (status != NN_OK && status != NN_STOPPED)
            return status;
        listener->begun = listener->begun || begin;
        stop = stop || status == NN_STOPPED;
    }
    if (is_for_function(listeners, event->kind)) {
        nn_status status = call_function(listeners, event);
        if (status != NN_OK && status != NN_STOPPED)
            return status;
        listeners->function_begun = listeners->function_begun || begin;
        listeners->function_stopped = listeners->function_stopped || status == NN_STOPPED;
        stop = stop || status == NN_STOPPED;
    }
    return stop ? NN_STOPPED : NN_OK;
}
