/* Gradients of chains of layers, given and random, against finite differences. */
#include "model_differences.h"
#include "random.h"
#include "suite.h"
#include "walk.h"

static void check_model(const char *layers, const char *loss, size_t rows, nn_random *random,
                        struct tally *tally)
{
    check_graph(layers, NULL, loss, rows, random, tally);
}

START_TEST(models_of_every_build_are_differentiated_right)
{
    static const struct {
        const char *layers, *loss;
    } models[] = {
        {"dense units=3 input_shape=(4)", "mse"},
        {"dense units=3 input_shape=(4)", "mse reduction=sum"},
        {"dense units=3 input_shape=(4)", "mse reduction=mean_with_sample_weight"},
        {"dense units=3 activation=softmax input_shape=(4)",
         "sparse_categorical_crossentropy ignore_class=1 reduction=sum"},
        {"dense units=3 activation=softmax input_shape=(4)",
         "sparse_categorical_crossentropy ignore_class=1 reduction=mean_with_sample_weight"},
        {"dense units=3 activation=softmax input_shape=(2,4)",
         "categorical_generalized_cross_entropy reduction=sum"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "bce reduction=sum"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "dice reduction=sum"},
        {"flatten input_shape=(3,2); dense units=5 activation=tanh; dense units=4 "
         "activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=5 activation=relu input_shape=(3); dropout rate=0.4; dense units=4 "
         "activation=relu; dropout rate=0.2; dense units=3 activation=softmax",
         "categorical_crossentropy label_smoothing=0.1"},
        /* an activation layer at the end fuses as well */
        {"dense units=3 input_shape=(4); activation activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=3 input_shape=(4); activation activation=sigmoid", "binary_crossentropy"},
        {"dense units=3 input_shape=(4); softmax", "sparse_categorical_crossentropy"},
        {"dense units=3 input_shape=(2,4); softmax; identity",
         "categorical_crossentropy label_smoothing=0.1"},
        {"dense units=5 input_shape=(3); relu max_value=0.7 negative_slope=0.1; dense units=4; "
         "leaky_relu; identity; dense units=4; elu alpha=0.6; dense units=2",
         "mse"},
        /* an activation that doesn't fuse */
        {"dense units=3 activation=sigmoid input_shape=(4)", "mse"},
        {"dense units=3 activation=softmax input_shape=(4)", "mse"},
        {"dense units=3 activation=softmax input_shape=(4)", "binary_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "categorical_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4)",
         "binary_crossentropy from_logits=true"},
        {"dense units=3 activation=softmax input_shape=(4)",
         "sparse_categorical_crossentropy from_logits=true"},
        /* what stands behind keeps it from fusing */
        {"dense units=3 activation=softmax input_shape=(4); flatten",
         "sparse_categorical_crossentropy"},
        {"dense units=3 activation=softmax input_shape=(2,4); flatten", "categorical_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4); dropout rate=0", "binary_crossentropy"},
        /* rank 2: rows of several distributions, flatten in the middle */
        {"dense units=3 activation=tanh input_shape=(2,4); dense units=4 activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=3 activation=softmax input_shape=(2,4)", "categorical_crossentropy"},
        {"dense units=3 activation=tanh input_shape=(2,2,3); flatten; dense units=2", "mse"},
        {"dense units=2 activation=leaky_relu input_shape=(2,2,3); dense units=3", "mse"},
        /* views and layers without weights first and last */
        {"flatten input_shape=(2,3); flatten; dense units=4 activation=tanh; flatten; flatten",
         "mse"},
        {"rescaling scale=0.5 offset=0.1 input_shape=(2,3); dropout rate=0.3; flatten; dense "
         "units=4; "
         "rescaling scale=2; activation activation=tanh; dropout rate=0.5",
         "mse"},
        {"dropout rate=0.5 input_shape=(5); dense units=1 activation=sigmoid", "bce"},
        {"dense units=4 input_shape=(3); dropout rate=0.5; dropout rate=0.5 seed=9; flatten; dense "
         "units=2",
         "mse"},
        {"dense units=1 use_bias=false input_shape=(1)", "mse"},
        /* losses that look at a whole row, of several in an example */
        {"dense units=3 input_shape=(2,4)", "cosine_similarity"},
        {"dense units=3 activation=softmax input_shape=(2,4)", "kl_divergence"},
        {"dense units=3 activation=softmax input_shape=(4)", "categorical_focal_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "dice axis=-1"},
        {"dense units=3 activation=sigmoid input_shape=(2,4)", "tversky alpha=0.3"},
        {"dense units=3 activation=sigmoid input_shape=(4)", "binary_focal_crossentropy"},
        {"dense units=1 input_shape=(3)", "hinge"},
        /* statistics of the batch between layers, first and last */
        {"dense units=5 input_shape=(3); batch_normalization; activation activation=tanh; dense "
         "units=2",
         "mse"},
        {"batch_normalization input_shape=(2,3); dense units=4; batch_normalization center=false; "
         "flatten; dense units=3 activation=softmax",
         "sparse_categorical_crossentropy"},
        {"dense units=4 input_shape=(2,3); batch_normalization scale=false", "mse"},
        {"dense units=6 input_shape=(3); layer_normalization; prelu; group_normalization groups=3; "
         "rms_normalization; dense units=2",
         "mse"},
        {"dense units=4 input_shape=(2,3); unit_normalization; permute dims=(2,1); reshape "
         "target_shape=(2,-1); dense units=2",
         "mse"},
        /* what layers add to the loss, also where nothing is trainable before */
        {"activity_regularization l2=1 input_shape=(3); dense units=4; activity_regularization "
         "l1=0.1 "
         "l2=0.2; dense units=3 activation=softmax; activity_regularization l2=0.3",
         "categorical_crossentropy"},
        {"dense units=4 input_shape=(3); alpha_dropout rate=0.3; gaussian_dropout rate=0.2; "
         "gaussian_noise stddev=0.5; dense units=2",
         "mse"},
        {"embedding input_dim=5 output_dim=4 input_shape=(3); layer_normalization; flatten; dense "
         "units=2",
         "mse"},
        {"category_encoding num_tokens=6 input_shape=(3); dense units=2", "mse"},
        {"normalization input_shape=(4); pca n_components=3; dense units=2", "mse"},
        {"dense units=4 input_shape=(3); normalization; pca n_components=3 whiten=true; "
         "repeat_vector "
         "n=2; dense units=2",
         "mse"},
        /* an activation that needs whole rows, one that keeps z, one that changes the width */
        {"dense units=4 activation=log_softmax input_shape=(3)", "mse"},
        {"dense units=5 activation=sparsemax input_shape=(2,3)", "mse"},
        {"dense units=4 activation=hard_silu input_shape=(3); dense units=2 activation=celu",
         "mse"},
        {"dense units=6 input_shape=(3); activation activation=glu; dense units=2", "mse"},
        {"dense units=4 activation=tanh input_shape=(2,3); activation activation=glu", "mse"},
        {"activation activation=glu input_shape=(6); dense units=4; activation activation=glu; "
         "activation activation=glu",
         "mse"},
        /* penalties on weights and on outputs */
        {"dense units=4 activation=tanh kernel_regularizer=l2(l2=0.3) input_shape=(3); dense "
         "units=3 "
         "bias_regularizer=l1(l1=0.2)",
         "mse"},
        {"dense units=4 activation=tanh input_shape=(3) kernel_regularizer=orthogonal(factor=0.5); "
         "dense units=3 activation=softmax kernel_regularizer=orthogonal(factor=0.5, mode=columns)",
         "sparse_categorical_crossentropy"},
        {"dense units=4 activation=tanh input_shape=(3) activity_regularizer=l2(l2=0.3); dense "
         "units=3 activation=softmax activity_regularizer=l1_l2(l1=0.3, l2=0.2) "
         "kernel_regularizer=l1_l2(l1=0.1, l2=0.2)",
         "sparse_categorical_crossentropy"},
        {"dense units=3 activation=sigmoid input_shape=(2,4) activity_regularizer=l2; flatten",
         "binary_crossentropy"},
        {"dense units=4 activation=sigmoid input_shape=(3) "
         "activity_regularizer=orthogonal(factor=0.5); dropout rate=0.3; dense units=3 "
         "activity_regularizer=orthogonal(factor=0.5, mode=columns)",
         "mse"},
        /* of any layer: a view's, one's that does nothing but in training, and beside what a loss would do */
        {"dense units=4 activation=tanh input_shape=(2,3); flatten "
         "activity_regularizer=l2(l2=0.3); dropout rate=0.3 activity_regularizer=l1(l1=0.2); "
         "identity activity_regularizer=l2(l2=0.1); dense units=2",
         "mse"},
        {"flatten input_shape=(2,3) activity_regularizer=l2; rescaling scale=0.5 "
         "activity_regularizer=l2(l2=0.3); dense units=3; softmax activity_regularizer=l2(l2=0.4)",
         "sparse_categorical_crossentropy"},
        {"rescaling scale=0.5 input_shape=(3) activity_regularizer=l2(l2=0.3); dense units=3 "
         "activation=softmax; identity activity_regularizer=l2(l2=0.4)",
         "categorical_crossentropy"},
        {"dense units=3 activation=softmax input_shape=(2,3) activity_regularizer=l2(l2=0.4); "
         "reshape target_shape=(2,3) activity_regularizer=l1(l1=0.1)",
         "sparse_categorical_crossentropy"},
        {"dense units=6 input_shape=(3); batch_normalization activity_regularizer=l2(l2=0.3); "
         "prelu "
         "activity_regularizer=l1_l2(l1=0.1, l2=0.3); layer_normalization "
         "activity_regularizer=orthogonal(factor=0.3); activity_regularization l2=0.2 "
         "activity_regularizer=l1(l1=0.1); dense units=2",
         "mse"},
        {"embedding input_dim=5 output_dim=4 input_shape=(3) activity_regularizer=l2(l2=0.3); "
         "group_normalization groups=2 activity_regularizer=l2(l2=0.2); reshape "
         "target_shape=(4,3) activity_regularizer=l1(l1=0.2); permute dims=(2,1) "
         "activity_regularizer=l2(l2=0.1); flatten; dense units=2",
         "mse"},
        /* frozen: no gradient of theirs, but that of what stands before them */
        {"dense units=4 activation=tanh input_shape=(3) trainable=false "
         "activity_regularizer=l2(l2=0.3); dense units=3 activation=tanh; dense units=2 "
         "trainable=false kernel_regularizer=l2",
         "mse"},
        {"dense units=4 activation=tanh input_shape=(3); dense units=4 activation=tanh "
         "trainable=false activity_regularizer=l1(l1=0.3); dropout rate=0.2; dense units=3 "
         "activation=softmax",
         "categorical_crossentropy"},
    };
    nn_random random = stream(4);
    struct tally tally = {0, 0};
    for (size_t i = 0; i < COUNT(models); i++)
        for (size_t rows = 1; rows <= 7; rows += 3)
            check_model(models[i].layers, models[i].loss, rows, &random, &tally);
    check_tally(&tally);
}
END_TEST

static void append_random_layer(nn_text *text, nn_random *random)
{
    static const char *const activations[] = {
        "linear", "relu", "tanh", "sigmoid", "softmax", "leaky_relu", "relu(max_value=0.5)",
    };
    static const char *const more[] = {
        "",
        "",
        " trainable=false",
        " kernel_regularizer=l2 bias_regularizer=l1",
        " kernel_regularizer=orthogonal(factor=0.3)",
        " activity_regularizer=l1_l2(l1=0.01, l2=0.1)",
    };
    static const char *const others[] = {
        "rescaling scale=0.7 offset=-0.2",
        "batch_normalization epsilon=0.1",
        "batch_normalization epsilon=0.1 trainable=false gamma_regularizer=l2",
        "layer_normalization epsilon=0.1 beta_regularizer=l2 gamma_regularizer=l1",
        "prelu alpha_regularizer=l2",
        "prelu trainable=false",
        "activity_regularization l1=0.1 l2=0.2",
        "reshape target_shape=(1,-1)",
        "gaussian_dropout rate=0.2",
        "group_normalization groups=1 epsilon=0.1 trainable=false",
    };
    const size_t kind = nn_random_below(random, 10);
    const char *activation = pick(random, activations, COUNT(activations));
    if (kind < 4)
        nn_text_append(text, "dense units=%zu activation=%s use_bias=%s%s",
                       2 + nn_random_below(random, 5), activation, kind == 0 ? "false" : "true",
                       pick(random, more, COUNT(more)));
    else if (kind == 4)
        nn_text_append(text, "dropout rate=0.3");
    else if (kind == 5)
        nn_text_append(text, "flatten");
    else if (kind == 6)
        nn_text_append(text, "activation activation=%s", activation);
    else
        nn_text_append(text, "%s", pick(random, others, COUNT(others)));
}

START_TEST(random_models_are_differentiated_right)
{
    static const struct {
        const char *layer, *loss;
    } ends[] = {
        {"dense units=3", "mse"},
        {"flatten", "mse"},
        {"dense units=2 activation=sigmoid", "binary_crossentropy label_smoothing=0.1"},
        {"dense units=1", "binary_crossentropy from_logits=true"},
        {"dense units=4 activation=softmax", "sparse_categorical_crossentropy"},
        {"dense units=3", "sparse_categorical_crossentropy from_logits=true"},
        {"dense units=3 activation=softmax", "categorical_crossentropy"},
    };
    nn_random random = stream(5);
    struct tally tally = {0, 0};
    for (int i = 0; i < 120; i++) {
        nn_text text = NN_TEXT_INIT;
        const size_t rank = 1 + nn_random_below(&random, 3), depth = nn_random_below(&random, 5);
        nn_text_append(&text, "rescaling scale=1 input_shape=(");
        for (size_t d = 0; d < rank; d++)
            nn_text_append(&text, "%zu,", 1 + nn_random_below(&random, 4));
        nn_text_append(&text, "); dense units=%zu; ", 2 + nn_random_below(&random, 4));
        for (size_t d = 0; d < depth; d++) {
            append_random_layer(&text, &random);
            nn_text_append(&text, "; ");
        }
        const size_t end = nn_random_below(&random, COUNT(ends));
        nn_text_append(&text, "%s", ends[end].layer);
        check_model(text.data, ends[end].loss, 1 + nn_random_below(&random, 6), &random, &tally);
        nn_text_free(&text);
    }
    check_tally(&tally);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients_models");
    TCase *tcase = add_case(suite, "models", NULL, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, models_of_every_build_are_differentiated_right);
    tcase_add_test(tcase, random_models_are_differentiated_right);
    return run_suite(suite);
}
