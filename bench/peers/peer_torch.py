"""PyTorch: the plain training loop over tensors in memory, which a DataLoader or torch.compile doesn't
make faster for nets of this size; predictions by its functions on the weights, without modules."""

import torch
from torch.nn import functional


class Peer:
    name = "PyTorch"
    version = torch.__version__

    def __init__(self, options):
        if options.threads:
            torch.set_num_threads(options.threads)
            torch.set_num_interop_threads(options.threads)
        torch.manual_seed(1)
        self.layers = [torch.nn.Linear(inputs, units)
                       for inputs, units in zip(options.widths, options.widths[1:])]
        modules = [self.layers[0]]
        for layer in self.layers[1:]:
            modules += [torch.nn.ReLU(inplace=True), layer]
        self.net = torch.nn.Sequential(*modules)
        self.loss = torch.nn.CrossEntropyLoss()  # of logits: softmax is part of it
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.01, fused=True)

    def set_rows(self, x, labels):
        self.x = torch.from_numpy(x)
        self.labels = torch.from_numpy(labels).long()

    def train_epoch(self, batch):
        for rows in torch.randperm(len(self.x)).split(batch):
            x, labels = self.x.index_select(0, rows), self.labels.index_select(0, rows)
            self.optimizer.zero_grad()
            self.loss(self.net(x), labels).backward()
            self.optimizer.step()

    def prepare(self, x):
        self.weights = [(layer.weight.detach(), layer.bias.detach()) for layer in self.layers]
        return torch.from_numpy(x)

    @torch.inference_mode()
    def predict(self, x):
        *hidden, (weight, bias) = self.weights
        for hidden_weight, hidden_bias in hidden:
            x = functional.linear(x, hidden_weight, hidden_bias).relu_()
        return functional.linear(x, weight, bias).softmax(1).numpy()
