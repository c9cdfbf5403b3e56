/* All rooms of parts, for the tests that go through every part. */
#ifndef NN_TESTS_ROOMS_H
#define NN_TESTS_ROOMS_H

#include "activation.h"
#include "callback.h"
#include "constraint.h"
#include "initializer.h"
#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "optimizer.h"
#include "regularizer.h"
#include "schedule.h"

static const nn_room *const rooms[] = {
    &nn_layer_room,      &nn_activation_room, &nn_initializer_room, &nn_regularizer_room,
    &nn_constraint_room, &nn_loss_room,       &nn_metric_room,      &nn_optimizer_room,
    &nn_schedule_room,   &nn_callback_room,
};

#endif
