/*
 * Regression: learns a curve from noisy points of it, with the C++ interface.
 *
 * The points are sin(3x) + x/2 with noise; what counts is how near the network comes to the curve
 * itself, which it never sees. The program prints both, and fails if the error is too large.
 */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "nn.hpp"

namespace
{

const std::size_t points = 400;
const float noise = 0.1F;
const double largest_error = 0.1; /* root mean square, as large as the noise itself */

float curve(float x)
{
    return std::sin(3.0F * x) + 0.5F * x;
}

/* A line of text with truth at 'o' and prediction at '*'. */
std::string sketch(float truth, float predicted)
{
    std::string line(49, ' ');
    const auto place = [&line](float y) -> char & {
        const float column = 24.0F + 12.0F * y;
        return line[static_cast<std::size_t>(std::fmin(std::fmax(column, 0.0F), 48.0F))];
    };
    place(truth) = 'o';
    place(predicted) = '*';
    return line;
}

/* Trains on noisy points and returns the root mean square error on the curve. */
double fit_curve()
{
    std::mt19937 random(1);
    std::uniform_real_distribution<float> place(-2.0F, 2.0F);
    std::normal_distribution<float> disturbance(0.0F, noise);
    std::vector<float> x(points);
    std::vector<float> y(points);
    for (std::size_t i = 0; i < points; i++) {
        x[i] = place(random);
        y[i] = curve(x[i]) + disturbance(random);
    }
    const nn::dataset data(x, 1, y, 1);

    nn::model model;
    model.set_seed(1)
        .add("dense units=32 activation=tanh input_shape=(1)")
        .add("dense units=32 activation=tanh")
        .add("dense units=1")
        .compile("sgd learning_rate=0.02 momentum=0.9", "mean_squared_error",
                 "mean_absolute_error");
    std::printf("%s\n", model.summary().c_str());

    nn::fit_options options;
    options.epochs = 300;
    options.validation_split = 0.1;
    options.callback = [](const nn_event &event) {
        if (event.kind == NN_EVENT_EPOCH_END && (event.epoch + 1) % 50 == 0)
            std::printf("epoch %3zu: %s %.5f\n", event.epoch + 1, event.names[0], event.values[0]);
        return NN_OK;
    };
    const nn::history history = model.fit(data, options);
    std::printf("validation loss after %zu epochs: %.5f\n\n", history.get("val_loss").size(),
                history.get("val_loss").back());

    std::vector<float> grid;
    for (int i = 0; i <= 40; i++)
        grid.push_back(-2.0F + 0.1F * static_cast<float>(i));
    const std::vector<float> predicted = model.predict(grid);
    double squares = 0.0;
    std::printf("     x   curve  predicted\n");
    for (std::size_t i = 0; i < grid.size(); i++) {
        const float truth = curve(grid[i]);
        squares += std::pow(static_cast<double>(predicted[i] - truth), 2.0);
        if (i % 2 == 0)
            std::printf("%6.2f %7.3f %10.3f  |%s|\n", static_cast<double>(grid[i]),
                        static_cast<double>(truth), static_cast<double>(predicted[i]),
                        sketch(truth, predicted[i]).c_str());
    }
    return std::sqrt(squares / static_cast<double>(grid.size()));
}

} // namespace

int main()
{
    try {
        const double error = fit_curve();
        std::printf("\nroot mean square error on the curve: %.4f (at most %.2f)\n", error,
                    largest_error);
        return error <= largest_error ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const nn::error &failure) {
        std::fprintf(stderr, "regression: %s\n", failure.what());
        return EXIT_FAILURE;
    }
}
