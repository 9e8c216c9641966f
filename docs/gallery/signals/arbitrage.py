"""
Is there arbitrage between currencies?
======================================

The logarithm of an exchange rate is a flow on the edge between two currencies. Without arbitrage
it is a gradient: every currency has a worth, and a rate is a difference of two. What is left is
a curl, the gain of a round trip. Below are real rates of ten currencies, from the afternoon of
5 October 2018. Hardly anything in them is no gradient, and where it comes from is seen at once: on
the rate between the euro and the Hong Kong dollar. The spread, the difference of what buyers pay
and sellers get, eats most of it. What is left is a gain of two dollars in ten thousand.

More: :doc:`/signals`.
"""

import matplotlib.pyplot as plt
import torch

from simplex import SimplicialComplex
from simplex.operators import apply_boundary, apply_coboundary
from simplex.plot import draw_complex
from simplex.signals import hodge_rank


# What one of a row buys of a column (from the data of pytspl, MIT licence).
table = """
         AUD      CAD       CHF      DKK       EUR       GBP     HKD     JPY      SEK      USD
AUD        1   .91248   .699312  4.57037   .612775   .537922 5.52124  80.033  6.40337   .70471
CAD  1.09555        1   .766286  5.00808   .671444   .589439 6.05002 87.6942  7.01663  .772201
CHF  1.42945   1.3046         1   6.5344   .876117   .769095  7.8939 114.434   9.1551  1.00755
DKK  .218707  .199606   .152975        1   .134051   .117671 1.20778 17.5066  1.40074  .154156
EUR  1.63167  1.48896   1.14122  7.45867         1    .87777 9.01286 130.609  10.4498  1.14993
GBP   1.8584  1.69608   1.29997  8.49524   1.13904         1 10.2627 148.774  11.9024  1.30989
HKD  .181068  .165254   .126648  .827714   .110943    .09742       1 14.4937  1.15968  .127626
JPY .0124925 .0114005 .00873691 .0571019 .00765533 .00672043 .068982       1 .0800033 .0088046
SEK  .156091  .142458   .109178  .713535  .0956714  .0839814 .861987 12.4944        1  .110021
USD  1.41874  1.29483    .99234  6.48546    .86952   .763324 7.83477 113.564  9.08653        1
"""
heading, *rows = (line.split() for line in table.strip().splitlines())
log_rate = torch.tensor([[float(rate) for rate in row[1:]] for row in rows]).double().log()

n = len(heading)
K = SimplicialComplex.from_simplices(
    [(a, b, c) for c in range(n) for b in range(c) for a in range(b)]
)
a, b = K.simplices(1).T
middle = (log_rate[a, b] - log_rate[b, a]) / 2
ranking = hodge_rank(K, -middle)
print(f"not a gradient: {ranking.curl + ranking.harmonic:.1e} of the energy")

# %%
# The gain of a round trip of three currencies, in the better direction: at the middle of the two
# prices it is the curl of the flow, and what a trader gets is less by the three spreads.
gain = apply_coboundary(K, middle, 1).abs()  # (120,)
spread = -(log_rate[a, b] + log_rate[b, a]) / 2
net = gain - spread[K.facets(2)].sum(1)
best = [heading[v] for v in K.simplices(2)[net.argmax()].tolist()]
print(
    f"{int((net > 0).sum())} of {len(net)} round trips gain; the best one, {best}: {net.max():.4%}"
)

suspect = K.index([[heading.index("EUR"), heading.index("HKD")]])
through = (K.facets(2) == suspect).any(1)
angle = 2 * torch.pi * torch.arange(n) / n
place = torch.stack([angle.cos(), angle.sin()], dim=1)
heat = apply_boundary(K, gain, 2, signed=False)

fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.9), layout="constrained")
draw_complex(K.skeleton(1), place, ax=left)
for edge, share in zip(K.simplices(1), (heat / heat.max()).tolist(), strict=True):
    left.plot(*place[edge].T, color="#c44e52", lw=5 * share, alpha=share, solid_capstyle="round")
for name, at in zip(heading, 1.2 * place, strict=True):
    left.text(*at, name, ha="center", va="center", weight="bold")
left.set(xlim=(-1.4, 1.4), ylim=(-1.3, 1.3), title="the curl on each rate")
for chosen, color, label in (
    (~through, "#bbbbbb", "other round trips"),
    (through, "#c44e52", "through EUR and HKD"),
):
    right.scatter(1e4 * gain[chosen], 1e4 * net[chosen], s=14, color=color, label=label)
right.axhline(0, color="black", lw=0.8)
right.set_xlabel("gain between the prices, in 1/10,000")
right.set_ylabel("gain of a trader, in 1/10,000")
right.legend(loc="lower right")
_ = right.set_title("120 round trips")
