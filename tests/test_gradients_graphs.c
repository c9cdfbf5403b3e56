/* Gradients of graphs, given and random, against finite differences. */
#include "model_differences.h"
#include "random.h"
#include "suite.h"
#include "walk.h"

START_TEST(graphs_are_differentiated_right)
{
    static const struct {
        const char *layers, *outputs, *loss;
    } graphs[] = {
        /* a residual block, without and with an input layer */
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=4 activation=tanh; "
         "dense units=4; add inputs=(h,dense_1); activation activation=tanh; dense units=2",
         NULL, "mse"},
        {"input shape=(4) name=x; dense units=4 activation=tanh; dense units=4 name=r; "
         "add inputs=(x,r); dense units=3 activation=softmax",
         NULL, "sparse_categorical_crossentropy"},
        /* wide and deep, from one input and from two */
        {"input shape=(5) name=x; dense units=4 activation=relu; dense units=3 activation=tanh "
         "name=deep; concatenate inputs=(x,deep); dense units=1 activation=sigmoid",
         NULL, "binary_crossentropy"},
        {"input shape=(3) name=wide; input shape=(2,2) name=deep; flatten; dense units=3 "
         "activation=tanh; concatenate inputs=(wide,dense); dense units=2",
         NULL, "mse"},
        /* a node read three times, one of them twice by the same layer */
        {"dense units=4 input_shape=(3) name=h; dense units=4 activation=tanh name=a; "
         "multiply inputs=(h,a,h); subtract inputs=(multiply,h); dense units=2",
         NULL, "mse"},
        {"dense units=3 input_shape=(3) name=h; add inputs=(h,h); average inputs=(add,h,h); "
         "maximum inputs=(average,add); minimum inputs=(maximum,h,add)",
         NULL, "mse"},
        /* views with several readers, of several readers */
        {"dense units=2 input_shape=(2,3) name=h; flatten name=f; dense units=4 activation=tanh "
         "name=a inputs=f; flatten name=g inputs=h; dense units=4 name=b inputs=g; "
         "dense units=4 name=c inputs=f; add inputs=(a,b,c); flatten; dense units=2",
         NULL, "mse"},
        {"dense units=4 activation=relu input_shape=(3) name=h; dropout rate=0.4 name=d; "
         "dense units=4 name=a inputs=d; add inputs=(a,d,h); dropout rate=0.2; "
         "concatenate inputs=(dropout,h)",
         NULL, "mse"},
        /* the input itself in several places, scaled in passing or not */
        {"rescaling scale=0.5 offset=0.2 input_shape=(3) name=x; dense units=3 name=a; "
         "add inputs=(x,a)",
         NULL, "mse"},
        {"input shape=(3) name=x; rescaling scale=0.5 offset=0.2 name=s; dense units=3 name=a; "
         "add inputs=(s,a)",
         NULL, "mse"},
        {"input shape=(3) name=x; rescaling scale=0.5 offset=0.2 name=s; dense units=3 name=a; "
         "add inputs=(x,a)",
         NULL, "mse"},
        {"input shape=(2,2) name=x; flatten name=f; dense units=4 name=a; flatten inputs=x; "
         "add inputs=(flatten,a,f)",
         NULL, "mse"},
        {"input shape=(4) name=a; input shape=(4) name=b; dense units=3 name=u activation=tanh; "
         "dense units=3 name=v activation=tanh inputs=a; dot axes=1 normalize=true inputs=(u,v); "
         "dense units=2",
         NULL, "mse"},
        /* a softmax that is read beside the loss isn't fused; one that isn't, is */
        {"dense units=3 activation=softmax input_shape=(4) name=p; dense units=3 name=q; "
         "add inputs=(p,q); activation activation=softmax",
         NULL, "sparse_categorical_crossentropy"},
        {"dense units=3 input_shape=(4) name=h; dense units=2 name=p activation=softmax; "
         "dense units=2 inputs=p name=q",
         "p, q", "sparse_categorical_crossentropy; mse"},
        /* two outputs, of one node, of nodes before each other, of a node and its view */
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=2 name=a; "
         "dense units=3 activation=softmax inputs=h name=b",
         "a, b", "mse; categorical_crossentropy"},
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=2 name=a", "a, h",
         "mse"},
        {"dense units=4 activation=tanh input_shape=(3) name=h; dense units=2 name=a", "h, a",
         "mse; mae"},
        {"dense units=2 activation=softmax input_shape=(2,3) name=h; flatten name=f; "
         "dense units=3 activation=tanh name=a",
         "f, h, a", "mse; categorical_crossentropy; mse"},
        {"dense units=2 activation=softmax input_shape=(2,3) name=h; dense units=3 inputs=h "
         "name=a; dropout rate=0.5 inputs=a name=d",
         "d, a", "mse"},
        /* two inputs, two outputs, and one that nothing trainable comes before */
        {"input shape=(3) name=x; input shape=(2) name=z; dense units=3 inputs=x name=a; "
         "dense units=3 inputs=z name=b; add inputs=(a,b) name=s; dense units=2 inputs=s name=t; "
         "rescaling scale=2 inputs=z name=w",
         "t, s, w", "mse; mse; mae"},
        /* penalties and what is frozen, in branches */
        {"input shape=(3) name=x; batch_normalization trainable=false name=a; dense units=3 "
         "trainable=false activation=tanh activity_regularizer=l2(l2=0.3) name=b; dense units=3 "
         "inputs=x name=c kernel_regularizer=l1_l2(l1=0.1, l2=0.2); multiply inputs=(b,c) name=m; "
         "prelu alpha_regularizer=l2 trainable=false name=p; dense units=2 inputs=m name=t "
         "activity_regularizer=l1(l1=0.2)",
         "p, t", "mse; mae"},
        /* gates of one value, and merges whose output is penalized or read more than once */
        {"dense units=5 activation=tanh input_shape=(3) name=h; dense units=1 activation=sigmoid "
         "name=gate inputs=h; multiply inputs=(h,gate) activity_regularizer=l2(l2=0.2) name=m; "
         "add inputs=(gate,m) name=s; average inputs=(s,m,gate); dense units=2",
         NULL, "mse"},
        {"dense units=4 activation=tanh input_shape=(3,2) name=h; dense units=1 name=c inputs=h; "
         "maximum inputs=(h,c) name=m activity_regularizer=l1(l1=0.1); flatten name=f "
         "activity_regularizer=l2(l2=0.2); dense units=4 name=d; subtract inputs=(m,d) name=u; "
         "minimum inputs=(u,c,d) name=v",
         "v, f", "mse; mse"},
        /* views that are penalized, of one node that several read */
        {"dense units=2 input_shape=(2,3) name=h activity_regularizer=l2(l2=0.1); flatten name=f "
         "activity_regularizer=l1(l1=0.2); dense units=4 activation=tanh name=a inputs=f; identity "
         "name=g inputs=h activity_regularizer=l2(l2=0.3); flatten inputs=g name=k; dense units=4 "
         "name=b inputs=k; add inputs=(a,b) name=s",
         "s, g", "mse; mse"},
        /* layers with statistics, noise, whole numbers or something to add, in branches */
        {"input shape=(3) name=x; input shape=(2) name=z; batch_normalization inputs=x name=a; "
         "dense units=3 inputs=z; prelu name=b; add inputs=(a,b); layer_normalization name=s; "
         "dense units=2 name=t; gaussian_dropout rate=0.3 inputs=s name=w",
         "t, w", "mse; mae"},
        {"input shape=(3) name=x; embedding input_dim=5 output_dim=2 name=e; flatten name=f; "
         "input shape=(2) name=z; dense units=6 name=d; multiply inputs=(f,d) name=m; "
         "activity_regularization l1=0.1 l2=0.3 name=r; dense units=2 name=t; "
         "activity_regularization l2=0.5 inputs=d name=q",
         "t, q", "mse; mse"},
    };
    nn_random random = stream(6);
    struct tally tally = {0, 0};
    for (size_t i = 0; i < COUNT(graphs); i++)
        for (size_t rows = 1; rows <= 7; rows += 3)
            check_graph(graphs[i].layers, graphs[i].outputs, graphs[i].loss, rows, &random, &tally);
    check_tally(&tally);
}
END_TEST

/* Layers that read any of those before, of one width so that all fit; whatever nobody reads is an output. */
static void append_random_graph(nn_text *layers, nn_text *outputs, nn_random *random)
{
    static const char *const merges[] = {"add",     "subtract", "multiply",
                                         "average", "maximum",  "minimum"};
    static const char *const singles[] = {
        "dense units=3",
        "dense units=3 activation=tanh",
        "dense units=3 activation=softmax",
        "dropout rate=0.3",
        "flatten",
        "activation activation=sigmoid",
        "rescaling scale=-1",
        "batch_normalization epsilon=0.1",
        "layer_normalization epsilon=0.1",
        "prelu",
        "activity_regularization l1=0.1 l2=0.2",
    };
    enum { MOST = 12 };
    bool read[MOST] = {false};
    const size_t inputs = 1 + nn_random_below(random, 3),
                 count = inputs + 2 + nn_random_below(random, 7);
    for (size_t i = 0; i < inputs; i++)
        nn_text_append(layers, "input shape=3 name=n%zu; ", i);
    for (size_t i = inputs; i < count; i++) {
        const size_t a = nn_random_below(random, i), b = nn_random_below(random, i);
        const bool merge = nn_random_below(random, 2) == 0;
        nn_text_append(layers, "%s name=n%zu inputs=(n%zu",
                       merge ? pick(random, merges, COUNT(merges))
                             : pick(random, singles, COUNT(singles)),
                       i, a);
        if (merge)
            nn_text_append(layers, ",n%zu", b);
        nn_text_append(layers, "); ");
        read[a] = true;
        read[b] = read[b] || merge;
    }
    for (size_t i = 0; i < inputs; i++)
        if (!read[i])
            nn_text_append(layers, "flatten name=m%zu inputs=n%zu; ", i, i);
    for (size_t i = 0; i < count; i++)
        if (!read[i])
            nn_text_append(outputs, "%s%c%zu", outputs->length == 0 ? "" : ", ",
                           i < inputs ? 'm' : 'n', i);
}

START_TEST(random_graphs_are_differentiated_right)
{
    nn_random random = stream(7);
    struct tally tally = {0, 0};
    for (int i = 0; i < 150; i++) {
        nn_text layers = NN_TEXT_INIT, outputs = NN_TEXT_INIT;
        nn_text_append(&layers, "input shape=3 name=first; dense units=3 name=last; ");
        append_random_graph(&layers, &outputs, &random);
        nn_text_append(&outputs, ", last");
        check_graph(layers.data, outputs.data, "mse", 1 + nn_random_below(&random, 5), &random,
                    &tally);
        nn_text_free(&layers);
        nn_text_free(&outputs);
    }
    check_tally(&tally);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients_graphs");
    TCase *tcase = add_case(suite, "graphs", NULL, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, graphs_are_differentiated_right);
    tcase_add_test(tcase, random_graphs_are_differentiated_right);
    return run_suite(suite);
}
