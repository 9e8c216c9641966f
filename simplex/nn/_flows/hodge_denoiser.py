"""A denoiser of flows on a complex: Hodge filters whose gains know the time and the energies."""

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import (
    require_dtype_of,
    require_orders,
    require_positive,
    require_room,
    require_tensor,
    require_times,
)
from simplex.nn._modules import TimeEmbedding
from simplex.nn._saving.pretrained import Pretrained
from simplex.operators import chain_down, chain_up, harmonic_basis, require_rank


_STEEPNESS = (1.0, 2.0, 4.0, 8.0)  # of tanh on circulations of order 1
_LEAST_ENERGY = 1e-3  # added below the logarithm; values are of order 1
_HARMONIC = 1e-3  # of the length of a field may lie outside the harmonic cochains


class HodgeDenoiser(Pretrained):
    r"""From noisy k-cochains and a time to k-cochains, local by Laplacians, global by harmonics.

    It predicts the noise, the clean flow or v in the diffusion of edge flows on one fixed complex,
    where most of the signal is smooth or runs around holes.

    .. math::
        F x &= \big[\, x, \; \sqrt{n / β} \, P_H x, \; L_d x, …, L_d^T x, \;
               L_u x, …, L_u^T x \,\big] \\
        c &= \text{MLP}\big( \text{TimeEmbedding}(t), \, \log(ε + \|P_H x\|^2 / β) \big) \\
        h_0 &= F x \, W, \qquad
        h_{l+1} = h_l + α_l(c) ⊙ \tanh\big( (1 + γ_l(c)) ⊙ F h_l \, V_l \big) W_l \\
        y &= \sum_m g_m(c) \, F_m x + \big( (1 + γ(c)) ⊙ F h_L \big) w
             + \sum_i f_i \sum_{s ∈ \{1, 2, 4, 8\}} G_{is}(c) \, \tanh(s \langle f_i, x \rangle)

    with L_d and L_u divided by a bound of their eigenvalues, and the projection P_H onto the β
    dimensions of harmonic cochains, which no number of local steps reaches. White noise has so
    little of it on each simplex that the tanh would not bend, hence the root, left out in F h. The
    first sum alone can be the best denoiser of a law that is normal on each Hodge part, to the
    order T, and of any even law of the circulation around one hole: its gains know the energy of
    the harmonic part.

    The last sum is over harmonic unit fields f_i, given with the complex, such as those that run
    around one hole each: give ``harmonic_basis(K, 1)``, or the ``fields`` of ``PlantedFlows``.
    With several holes each circulation has a law of its own, perhaps with several modes, and P_H
    alone is blind to directions within its space.

    The maps g, G and w start at zero, and so does the result.

    Args:
        hidden_channels: width of h.
        num_layers: L.
        order: T, powers of each Laplacian.
        cond_channels: width of c.
        k: degree of the cochains, at least 1.
        num_fields: how many fields f_i are given with each call.
        time_scale: factor of the time, see :class:`TimeEmbedding`: 1 for steps 0, 1, …, 1000 for a
            time in [0, 1].

    Shapes:
        x (batch, n_k, 1), time (batch,) or (); the result is like x.

    Laws:
        Equivariant under relabelling and reorientation, the fields carried along; their signs and
        lengths do not matter. The parameters do not know the complex, but the order of the fields.

    Cost:
        O(batch · incidences · T · hidden_channels) and dense maps of the channels; once per complex
        a basis of the harmonic cochains, kept with it.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = HodgeDenoiser(hidden_channels=4)
        >>> model(torch.ones(5, 4, 1), torch.arange(5), K).shape
        torch.Size([5, 4, 1])
    """

    def __init__(
        self,
        hidden_channels: int = 8,
        num_layers: int = 1,
        *,
        order: int = 2,
        cond_channels: int = 64,
        k: int = 1,
        num_fields: int = 0,
        time_scale: float = 1.0,
    ) -> None:
        super().__init__()
        require_positive(
            hidden_channels=hidden_channels,
            num_layers=num_layers,
            order=order,
            cond_channels=cond_channels,
            k=k,
        )
        require_orders(num_fields=num_fields)
        self.order, self.k, self.num_fields = order, k, num_fields
        filters = 2 + 2 * order
        wide, middle = filters * hidden_channels, 2 * hidden_channels
        require_room(cond_channels, max(wide, cond_channels, num_fields * len(_STEEPNESS)))
        self.time = TimeEmbedding(32, scale=time_scale)
        self.condition = nn.Sequential(
            nn.Linear(33, cond_channels),
            nn.SiLU(),
            nn.Linear(cond_channels, cond_channels),
            nn.SiLU(),
        )
        self.stem = nn.Linear(filters, hidden_channels, bias=False)
        self.enter = nn.ModuleList(nn.Linear(wide, middle, bias=False) for _ in range(num_layers))
        self.scale = nn.ModuleList(nn.Linear(cond_channels, middle) for _ in range(num_layers))
        self.leave = nn.ModuleList(
            nn.Linear(middle, hidden_channels, bias=False) for _ in range(num_layers)
        )
        self.gate = nn.ModuleList(
            nn.Linear(cond_channels, hidden_channels) for _ in range(num_layers)
        )
        self.gain = nn.Linear(cond_channels, filters)
        self.last_scale = nn.Linear(cond_channels, wide)
        self.head = nn.Linear(wide, 1, bias=False)
        if num_fields:
            self.modes = nn.Linear(cond_channels, num_fields * len(_STEEPNESS))
        for start in (self.gain, self.head, *([self.modes] if num_fields else [])):
            for parameter in start.parameters():
                nn.init.zeros_(parameter)

    def forward(
        self, x: Tensor, time: Tensor, complex: SimplicialComplex, fields: Tensor | None = None
    ) -> Tensor:
        """Denoise cochains.

        Args:
            x: (batch, n_k, 1) cochains on one complex; left as they are.
            time: (batch,), or a single one.
            complex: the complex, of one part.
            fields: (n_k, num_fields) harmonic cochains, oriented as the complex, such as
                ``harmonic_basis(complex, k)``; ``None`` where num_fields is 0.

        Returns:
            (batch, n_k, 1), empty for a complex without k-simplices.

        Raises:
            TypeError: the time is no tensor.
            ValueError: x, the time or the fields are of another shape, x is of another dtype than
                the parameters, the fields are not harmonic, or the complex is a union.
        """
        require_rank(complex, 0, 0)
        for name, given in (("x", x), ("fields", x if fields is None else fields)):
            require_tensor(name, given)
        count = complex.num_simplices(self.k)
        if complex.num_parts != 1 and (count or complex.num_parts):
            raise ValueError(
                f"the complex must be of one part, got {complex.num_parts}. Take one complex at a "
                "time: K.split()."
            )
        nothing = not count and x.ndim in (2, 3) and not x.shape[1]
        if not nothing and (x.ndim != 3 or x.shape[1:] != (count, 1)):
            raise ValueError(
                f"x must be of shape (batch, {count}, 1), got {tuple(x.shape)}. Rows (batch, "
                f"{count}) are x[..., None]."
            )
        require_times(time, len(x))
        require_dtype_of(self.stem.weight, x)
        fields = x.new_zeros(count, 0) if fields is None else fields
        if fields.shape != (count, self.num_fields):
            raise ValueError(
                f"fields must be of shape ({count}, {self.num_fields}), got {tuple(fields.shape)}."
            )
        if not x.numel():
            return x.clone()
        basis = _harmonic(complex, self.k, x.dtype)
        if self.num_fields:
            _require_harmonic(complex, fields, self.k)
        rows = x[..., 0]  # (batch, n_k)
        filtered = self._filters(rows.T, complex, basis)  # (n_k, batch, filters)
        spread = torch.ones(filtered.shape[-1], dtype=x.dtype, device=x.device)
        spread[1] = (count / max(basis.shape[1], 1)) ** 0.5
        filtered = spread * filtered
        energy = filtered[..., 1].square().mean(0)[:, None]
        features = self.time(time.expand(len(x))).to(x.dtype), (energy + _LEAST_ENERGY).log()
        c = self.condition(torch.cat(features, dim=1))

        h = self.stem(filtered)  # (n_k, batch, hidden_channels)
        layers = zip(self.enter, self.scale, self.leave, self.gate, strict=True)
        for enter, scale, leave, gate in layers:
            inside = enter(self._filters(h, complex, basis).flatten(2))
            h = h + (1 + gate(c)) * leave(torch.tanh((1 + scale(c)) * inside))
        last = (1 + self.last_scale(c)) * self._filters(h, complex, basis).flatten(2)
        result: Tensor = (self.gain(c) * filtered).sum(-1) + self.head(last).squeeze(-1)
        result = result.T  # (batch, n_k)
        if self.num_fields:
            unit = nn.functional.normalize(fields.to(x), dim=0)
            steps = torch.tanh((rows @ unit)[..., None] * x.new_tensor(_STEEPNESS))
            # (batch, num_fields, steepnesses)
            result = result + (self.modes(c).view_as(steps) * steps).sum(-1) @ unit.T
        return result[..., None]

    def _filters(self, h: Tensor, complex: SimplicialComplex, basis: Tensor) -> Tensor:
        """F h, one more axis at the end."""
        rows = h.flatten(1)  # (n_k, batch·C), with the simplices in front throughout
        down = chain_down(complex, rows, self.k, 2 * self.order, signed=True, normalize=True)[2::2]
        up = chain_up(complex, rows, self.k, 2 * self.order, signed=True, normalize=True)[2::2]
        harmonic = basis @ (basis.T @ rows)  # P_H, without the n_k × n_k matrix
        return torch.stack([rows, harmonic, *down, *up], dim=-1).view(*h.shape, -1)


def _require_harmonic(K: SimplicialComplex, fields: Tensor, k: int) -> None:
    unit = nn.functional.normalize(fields.detach(), dim=0)
    basis = _harmonic(K, k, fields.dtype)
    outside = float((unit - basis @ (basis.T @ unit)).norm(dim=0).max())
    if outside > max(_HARMONIC, 8 * torch.finfo(fields.dtype).eps):
        raise ValueError(
            f"fields must be harmonic, got one with a part {outside:.2g} of its length outside the "
            f"harmonic cochains. Give harmonic_basis(K, {k}), or the fields of PlantedFlows."
        )


def _harmonic(K: SimplicialComplex, k: int, dtype: torch.dtype) -> Tensor:
    """The harmonic basis, computed once per complex and dtype."""
    name = f"harmonic basis as {dtype}"
    found: Tensor = K.cached(name, k, lambda: harmonic_basis(K, k, dtype=dtype))
    return found
