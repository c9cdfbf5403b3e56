/* The memory plan: buffers with lifetimes into one run, the largest first, each at the lowest place
 * that no buffer alive at the same time takes. */
#include "allocate.h"
#include "workspace.h"
#include <stdlib.h>

static int larger_first(const void *a, const void *b)
{
    const nn_plan_buffer *x = *(nn_plan_buffer *const *)a, *y = *(nn_plan_buffer *const *)b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return x < y ? -1 : x > y; /* qsort isn't stable */
}

static bool alive_together(const nn_plan_buffer *a, const nn_plan_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset where buffer fits among placed[count], which are in order of their offsets. */
static bool lowest_place(const nn_plan_buffer *buffer, nn_plan_buffer *const *placed, size_t count,
                         size_t *offset)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t end;
        if (!alive_together(buffer, placed[i]) || placed[i]->offset + placed[i]->size <= at)
            continue;
        if (!nn_add(at, buffer->size, &end))
            return false;
        if (end <= placed[i]->offset)
            break;
        at = placed[i]->offset + placed[i]->size;
    }
    *offset = at;
    return true;
}

bool nn_plan_place(nn_plan_buffer *buffers, size_t count, size_t *total)
{
    const size_t step = NN_ALIGNMENT / sizeof(nn_real);
    nn_plan_buffer **order = nn_allocate(2 * count, sizeof(nn_plan_buffer *));
    if (order == NULL)
        return false;
    nn_plan_buffer **placed = order + count;
    bool fits = true;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t rounded;
        order[i] = &buffers[i];
        fits = fits && nn_add(buffers[i].size, step - 1, &rounded);
        if (fits)
            buffers[i].size = rounded / step * step;
    }
    qsort(order, count, sizeof(*order), larger_first);
    for (size_t i = 0; i < count && fits; i++) {
        nn_plan_buffer *buffer = order[i];
        size_t end, at = i;
        fits = lowest_place(buffer, placed, i, &buffer->offset) &&
               nn_add(buffer->offset, buffer->size, &end);
        if (!fits)
            break;
        if (end > used)
            used = end;
        for (; at > 0 && placed[at - 1]->offset > buffer->offset; at--)
            placed[at] = placed[at - 1];
        placed[at] = buffer;
    }
    nn_release(order);
    *total = used;
    return fits;
}
