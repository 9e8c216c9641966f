"""A simplicial denoiser of complexes: candidates scored by what is known of their facets."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, ragged, require_flag, require_int
from simplex.diffusion._checks import require_callable, require_instance
from simplex.diffusion._complexes.candidates import Candidates, ComplexState
from simplex.diffusion._complexes.checks import require_of_process, require_times_of_parts
from simplex.diffusion._complexes.pairs import facet_sides, walks_between


class CandidateScorer(nn.Module):
    r"""Logits of candidates from the cochains that a simplicial network gives their facets.

    .. math::
        h = \text{encoder}(x, K), \qquad
        \text{logit}_σ = \text{MLP}_k\Big( \sum_i h_{σ_i}, \
            \sum_{i<j} h_{σ_i} ⊙ h_{σ_j}, \ \log(1 + c_σ), \ [\text{all } σ_i ∈ x_t], \ t/T, \
            s_σ, \ w_σ \Big)

    with the facets σ_i of the candidate σ. c_σ counts the vertices w that all facets see, σ_i ∪ {w}
    ∈ K: for a pair of vertices their common neighbours. A network that passes messages along
    simplices cannot tell it, as two vertices of one neighbourhood look like two of different ones.
    Two more can be asked for: s_σ, how many facets have no cofacet, one, or more, so what σ does to
    a manifold; and w_σ, of a pair of vertices, the random walks from one to the other.

    Call it as a denoiser of :func:`complex_loss` and :func:`sample_complexes`.

    Args:
        encoder: from cochains ``[x_0, …, x_D]``, (n_k, 3) each, and the complex, to cochains of
            ``channels`` channels: ``encode`` of any network of ``simplex.nn``, whose parameters
            become the scorer's. The inputs are 1, whether the simplex is in x_t, and t/T.
            Dimensions beyond the complex get empty cochains.
        channels: width of what the encoder returns.
        max_dim: D, that of the process.
        num_steps: T, that of the process.
        hidden_channels: width of the MLPs.
        sides: whether s_σ is told.
        walk_length: walks of 2 … ``walk_length`` steps are told, in tables of all pairs of a part;
            1 for none.

    Raises:
        ValueError: sizes below 1; in a call, times after T, candidates or a complex of dimension
            above D, an encoder that does not return such cochains.

    Laws:
        Invariant under relabelling; a union is treated as its parts, if the encoder is so.

    Example:
        >>> from simplex.diffusion import FaceSurvival, complex_loss
        >>> scorer = CandidateScorer(lambda x, K: x, 3, max_dim=2, num_steps=8)
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> complex_loss(scorer, FaceSurvival.linear(8, 2), K, 5).shape
        torch.Size([1])
    """

    in_channels = 3

    def __init__(
        self,
        encoder: Callable[[list[Tensor], SimplicialComplex], Sequence[Tensor]],
        channels: int,
        *,
        max_dim: int,
        num_steps: int,
        hidden_channels: int = 64,
        sides: bool = False,
        walk_length: int = 1,
    ) -> None:
        super().__init__()
        require_callable("encoder", encoder)
        require_int("channels", channels, 1)
        require_int("hidden_channels", hidden_channels, 1)
        require_int("max_dim", require_int("max_dim", max_dim, 1), most=64)
        require_int("num_steps", num_steps, 1)
        self.encoder, self.channels = encoder, channels
        self.max_dim, self.num_steps = max_dim, num_steps
        require_flag("sides", sides)
        require_int("walk_length", walk_length, 1, 1024)
        self.sides, self.walk_length = sides, walk_length
        network = getattr(encoder, "__self__", None)  # of a bound method, torch sees no parameters
        self.network = network if isinstance(network, nn.Module) else None
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2 * channels + self._told(k), hidden_channels),
                nn.SiLU(),
                nn.Linear(hidden_channels, 1),
            )
            for k in range(1, max_dim + 1)
        )

    def forward(self, state: ComplexState, candidates: Candidates, t: Tensor) -> Tensor:
        """Logits (m,) of the candidates being in x_0.

        Args:
            state: the complex, and what of it is in x_t.
            candidates: of one dimension.
            t: (num_parts,) int64 times.
        """
        require_instance("state", state, ComplexState)
        require_instance("candidates", candidates, Candidates)
        require_times_of_parts(state.complex, t)
        K, k = state.complex, candidates.k
        require_of_process("max_dim", self.max_dim, max(K.dim, k), "simplices of dimension")
        require_of_process("num_steps", self.num_steps, max(t.tolist(), default=0), "times up to")
        dtype = self.heads[0][0].weight.dtype  # type: ignore[index]
        time = t.to(dtype) / self.num_steps
        below = self._encode(state, time, k - 1)[candidates.facets]  # (m, k+1, channels)
        total = below.sum(1)  # (m, channels)
        pairs = (total.square() - below.square().sum(1)) / 2
        links = common_links(K, candidates).to(dtype).log1p()
        stayed = candidates.facets_stayed.to(dtype)
        told = [total, pairs, torch.stack([links, stayed, time[candidates.part]], dim=1)]
        if self.sides:
            told.append(facet_sides(K, candidates).to(dtype))
        if self.walk_length > 1 and k == 1:
            told.append(walks_between(K, candidates, self.walk_length, dtype))
        logits: Tensor = self.heads[k - 1](torch.cat(told, dim=1))
        return logits.squeeze(1)

    def _told(self, k: int) -> int:
        """How many numbers the head of dimension k gets besides cochains."""
        return 3 + 3 * self.sides + 2 * (self.walk_length - 1) * (k == 1)

    def extra_repr(self) -> str:
        """What the repr of the module shows."""
        return f"max_dim={self.max_dim}, num_steps={self.num_steps}"

    def _encode(self, state: ComplexState, time: Tensor, k: int) -> Tensor:
        """The (n_k, channels) cochains of the encoder in dimension k."""
        cochains: object = self.encoder(self._inputs(state, time), state.complex)
        listed = list(cochains) if isinstance(cochains, Sequence) else []
        shape = (state.complex.num_simplices(k), self.channels)
        if len(listed) <= k or listed[k].shape != shape:
            found = [tuple(each.shape) for each in listed] or type(cochains).__name__
            raise ValueError(
                "the encoder must return a list of cochains, one tensor per dimension, of shape "
                f"{shape} in dimension {k}, got {found}. Of a network give network.encode, and as "
                "channels the width of what it returns."
            )
        result: Tensor = listed[k]
        return result

    def _inputs(self, state: ComplexState, time: Tensor) -> list[Tensor]:
        K, inputs = state.complex, []
        for k in range(self.max_dim + 1):
            when = time[K.part(k)]  # (n_k,)
            stayed = state.stayed[k].to(when) if k < len(state.stayed) else torch.zeros_like(when)
            inputs.append(torch.stack([torch.ones_like(when), stayed, when], dim=1))  # (n_k, 3)
        return inputs


def common_links(K: SimplicialComplex, candidates: Candidates) -> Tensor:
    """How many vertices w every facet of a candidate sees: σ_i ∪ {w} ∈ K for all i, (m,) int64."""
    k, facets = candidates.k, candidates.facets
    pointer, cofacets = K.cofacets(k - 1)
    counts, place = pointer.diff()[facets].min(dim=1)
    nearest = facets.gather(1, place[:, None]).squeeze(1)  # (m,) the facet of fewest cofacets
    owner, nth = ragged(counts)
    above = cofacets[pointer[nearest[owner]] + nth]  # (pairs of a candidate and a cofacet,)
    below = K.simplices(k - 1)
    vertex = K.simplices(k)[above].sum(1) - below[nearest[owner]].sum(1)
    seen = torch.ones_like(vertex, dtype=torch.bool)
    for column in facets.unbind(1):
        seen &= K.index(torch.cat([below[column[owner]], vertex[:, None]], dim=1)) >= 0
    return torch.bincount(owner[seen], minlength=len(facets))
