"""PyTorch: the plain training loop over tensors in memory; a DataLoader would be slower."""

import torch


class Peer:
    name = "PyTorch"
    version = torch.__version__

    def __init__(self, options):
        if options.threads:
            torch.set_num_threads(options.threads)
            torch.set_num_interop_threads(options.threads)
        torch.manual_seed(1)
        self.net = torch.nn.Sequential(
            torch.nn.Linear(784, 300), torch.nn.ReLU(),
            torch.nn.Linear(300, 100), torch.nn.ReLU(),
            torch.nn.Linear(100, 10),
        )
        self.loss = torch.nn.CrossEntropyLoss()  # of logits: softmax is part of it
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.01)

    def set_rows(self, x, labels):
        self.x = torch.from_numpy(x)
        self.labels = torch.from_numpy(labels).long()

    def train_epoch(self, batch):
        for rows in torch.randperm(len(self.x)).split(batch):
            self.optimizer.zero_grad()
            self.loss(self.net(self.x[rows]), self.labels[rows]).backward()
            self.optimizer.step()

    def prepare(self, x):
        return torch.from_numpy(x)

    @torch.inference_mode()
    def predict(self, x):
        return torch.softmax(self.net(x), 1).numpy()
