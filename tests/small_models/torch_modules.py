"""Small PyTorch modules, with random weights or trained ones, as people would write them."""

from __future__ import annotations

import torch
from torch import nn


class Digits(nn.Module):
    """A convolutional classifier of 8 x 8 images: [rows, 1, 8, 8] -> logits [rows, 10]."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2)
        )
        self.head = nn.Linear(8 * 4 * 4, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.head(self.features(image).flatten(1)))


class Encoder(nn.Module):
    """A transformer over tokens: ids [rows, length], mask [rows, length] -> logits [rows, 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(self.embedding(ids), src_key_padding_mask=~mask)
        weights = mask.unsqueeze(-1).to(states.dtype)
        return torch.as_tensor(self.head((states * weights).sum(1) / weights.sum(1)))


class TwoHeads(nn.Module):
    """Two answers by name, one of which may be left out of the training: [rows, 4] -> a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 6)

    def forward(self, x: torch.Tensor, scale: torch.Tensor | None = None) -> dict[str, torch.Tensor | None]:
        hidden = torch.tanh(self.body(x))
        if scale is not None:
            hidden = hidden * scale
        return {"hidden": hidden, "loss": None, "largest": hidden.argmax(1)}


class Squeezed(nn.Module):
    """Loses the axis of the rows where there is one row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sum(1, keepdim=True).squeeze()


class Looping(nn.Module):
    """Goes row by row in Python."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([row.sum() for row in x])


class Branching(nn.Module):
    """Decides by the values of a tensor."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sum(1) if x.sum() > 0 else -x.sum(1)


class Bessel(nn.Module):
    """Uses an operator that ONNX has nothing for."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(torch.special.bessel_j0(x))


class Spectrum(nn.Module):
    """Answers in complex numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(torch.fft.fft(x))
