"""One job of the bench in PyTorch, channels_last: `torchStep.py WHAT WIDTH BATCH`."""
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from worker import serve

SIDE = 160
DECAY = 2e-4
DROPOUT = 0.3


class Block(nn.Module):
    def __init__(self, inside, channels):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(inside, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(channels, 1e-3, 0.01) for _ in range(2)])

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = norm(F.relu(conv(x)))
        return x


class Encoder(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.blocks = nn.ModuleList([Block(a, b) for a, b in zip([1, *widths], widths)])

    def forward(self, x):
        skips = []
        for level, block in enumerate(self.blocks):
            x = block(x)
            if level < len(self.blocks) - 1:
                skips.append(x)
                x = F.dropout(F.max_pool2d(x, 2), DROPOUT, self.training)
        return x, skips


class Decoder(nn.Module):
    def __init__(self, widths, drop_at_top):
        super().__init__()
        pairs = list(zip(widths[::-1], widths[-2::-1]))
        self.ups = nn.ModuleList([nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairs])
        self.blocks = nn.ModuleList([Block(2 * b, b) for _, b in pairs])
        self.out = nn.Conv2d(widths[0], 1, 1)
        self.drop_at_top = drop_at_top

    def forward(self, x, skips):
        for level, (up, block) in enumerate(zip(self.ups, self.blocks)):
            x = torch.cat([up(x), skips[-1 - level]], 1)
            if level < 3 or self.drop_at_top:
                x = F.dropout(x, DROPOUT, self.training)
            x = block(x)
        return torch.sigmoid(self.out(x))


class Generator(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.encoder = Encoder(widths)
        self.fc, self.wc = Decoder(widths, False), Decoder(widths, True)
        self.mixing = nn.Conv2d(2, 1, 1)

    def forward(self, x):
        bottom, skips = self.encoder(x)
        ifc, iwc = self.fc(bottom, skips), self.wc(bottom, skips)
        return ifc, iwc, torch.sigmoid(self.mixing(torch.cat([ifc, iwc], 1)))


class Discriminator(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.encoder = Encoder(widths)
        self.out = nn.Linear(widths[-1] * (SIDE // 16) ** 2, 1)

    def forward(self, x):
        return torch.tanh(self.out(self.encoder(x)[0].flatten(1)))


def decay(network):
    kernels = [p for p in network.parameters() if p.dim() == 4 and p.shape[-1] == 3]
    return DECAY * sum((kernel * kernel).sum() for kernel in kernels)


what, width, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
widths = [width * 2**level for level in range(5)]
pixels = np.random.default_rng(1).uniform(0, 1, (batch, 1, SIDE, SIDE)).astype(np.float32)
m = Generator(widths).to(memory_format=torch.channels_last)
d = Discriminator(widths).to(memory_format=torch.channels_last)


def images(values):
    return torch.from_numpy(values).to(memory_format=torch.channels_last)


if what == 'predict':
    m.eval()

    def job():
        with torch.inference_mode():
            for at in range(0, batch, 4):
                [y.numpy() for y in m(images(pixels[at : at + 4]))]

elif what == 'trainGenerator':
    optimizer = torch.optim.Adam(m.parameters(), 5e-5, eps=1e-7)
    d.eval().requires_grad_(False)

    def job():
        x = images(pixels)
        ifc, iwc, iro = m(x)
        a, b = (torch.where(v < 1e-16, torch.ones_like(v), v) for v in (ifc, iwc))
        dice = (2 * (a * b).sum() + 1) / (a.sum() + b.sum() + 1)
        loss = (d(ifc) + 1).abs().mean() + F.mse_loss(iro, x) + dice + decay(m)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

else:
    optimizer = torch.optim.Adam(d.parameters(), 5e-5, eps=1e-7)
    labels = torch.from_numpy(np.where(np.arange(batch) % 2 == 0, -1, 1).astype(np.float32)[:, None])

    def job():
        loss = (d(images(pixels)) - labels).abs().mean() + decay(d)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()


serve(job)
