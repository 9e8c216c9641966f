"""A small GPT and a small ViT of pre-norm blocks, written as people write them."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention


class Block(nn.Module):
    """x + attention(norm(x)), then x + MLP(norm(x)); (B, T, width)."""

    def __init__(self, width: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        split = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1))  # (B, T, 3, h, c)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.out(seen.transpose(1, 2).flatten(2))
        return x + self.down(gelu(self.up(self.norm2(x))))


def _drawn(model: nn.Module, blocks: nn.ModuleList, width: int) -> None:
    """GPT-2's start, 0.02 at its width of 768; what is added to the stream smaller with depth."""
    std = 0.02 * math.sqrt(768 / width)
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=std)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    for block in blocks:
        for added in (block.out, block.down):
            nn.init.normal_(added.weight, std=std / math.sqrt(2 * len(blocks)))


class GPT(nn.Module):
    """Logits of the next character after each, (B, T) → (B, T, letters)."""

    def __init__(self, *, letters: int, context: int, width: int, heads: int, depth: int) -> None:
        super().__init__()
        self.table = nn.Embedding(letters, width)
        self.places = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([Block(width, heads, causal=True) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, letters, bias=False)
        _drawn(self, self.blocks, width)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.table(tokens) + self.places(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x))
        return logits


class ViT(nn.Module):
    """Logits of classes from the mean over the patches, (B, side, side) → (B, classes)."""

    def __init__(
        self, *, side: int, patch: int, classes: int, width: int, heads: int, depth: int
    ) -> None:
        super().__init__()
        self.patch = patch
        self.embed = nn.Linear(patch * patch, width)
        self.places = nn.Embedding((side // patch) ** 2, width)
        self.blocks = nn.ModuleList([Block(width, heads, causal=False) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        _drawn(self, self.blocks, width)

    def forward(self, images: Tensor) -> Tensor:
        patches = images.unfold(1, self.patch, self.patch).unfold(2, self.patch, self.patch)
        x = self.embed(patches.flatten(3).flatten(1, 2))
        x = x + self.places(torch.arange(x.shape[1], device=x.device))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x).mean(1))
        return logits
