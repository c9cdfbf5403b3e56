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
    *listeners = (nn_listeners){.function = options->callback, .user = options->callback_user};
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

static nn_status tell_end(nn_listeners *listeners, const nn_event *event)
{
    nn_status first = NN_OK;
    for (size_t i = 0; i < listeners->count; i++) {
        nn_listener *listener = &listeners->list[i];
        if (!listener->begun)
            continue;
        nn_status status =
            nn_callback_of(&listener->part)->on_event(listener->part.self, listener->state, event);
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

nn_status nn_listeners_tell(nn_listeners *listeners, const nn_event *event)
{
    bool stop = false;
    if (event->kind == NN_EVENT_TRAIN_END)
        return tell_end(listeners, event);
    const bool begin = event->kind == NN_EVENT_TRAIN_BEGIN;
    for (size_t i = 0; i < listeners->count; i++) {
        nn_listener *listener = &listeners->list[i];
        nn_status status =
            nn_callback_of(&listener->part)->on_event(listener->part.self, listener->state, event);
        if (status != NN_OK && status != NN_STOPPED)
            return status;
        listener->begun = listener->begun || begin;
        stop = stop || status == NN_STOPPED;
    }
    if (listeners->function != NULL) {
        nn_status status = call_function(listeners, event);
        if (status != NN_OK && status != NN_STOPPED)
            return status;
        listeners->function_begun = listeners->function_begun || begin;
        stop = stop || status == NN_STOPPED;
    }
    return stop ? NN_STOPPED : NN_OK;
}
