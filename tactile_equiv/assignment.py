"""Which of these is which of those: the pairs of least total cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache

Pair = tuple[int, int]

EXACT = 36
"""Groups of at most so many pairs are solved exactly; larger ones take the cheapest pair first."""


def assigned(costs: Mapping[Pair, float], alone: float) -> dict[int, int]:
    """Pair every left and every right at most once.

    Minimises the sum of the costs of the pairs, plus `alone` for every left that has none; in
    groups of more than `EXACT` pairs that hang together, by taking the cheapest pair first.

    Args:
        costs: of the pairs (left, right) that are possible.
        alone: cost of a left without a right; no pair costs more.

    Returns:
        Right by left. Where totals are equal, the first pairs of `costs` win.
    """
    partners = dict(costs.keys())
    if len(partners) == len(costs) == len(set(partners.values())):
        return partners
    partners = {}
    for group in _groups(costs):
        if len(group) <= EXACT:
            partners.update(_cheapest(group, costs, alone))
        else:
            partners.update(_greedy(group, costs))
    return partners


def _groups(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Pairs that share a left or a right hang together."""
    groups: list[list[Pair]] = []
    of_left: dict[int, list[Pair]] = {}
    of_right: dict[int, list[Pair]] = {}
    for pair in pairs:
        one, other = of_left.get(pair[0]), of_right.get(pair[1])
        group = one if one is not None else other
        if group is None:
            group = []
            groups.append(group)
        elif one is not None and other is not None and one is not other:
            group, absorbed = (one, other) if len(one) >= len(other) else (other, one)
            group += absorbed
            for left, right in absorbed:
                of_left[left] = of_right[right] = group
            absorbed.clear()
        group.append(pair)
        of_left[pair[0]] = of_right[pair[1]] = group
    return [group for group in groups if group]


def _greedy(group: Iterable[Pair], costs: Mapping[Pair, float]) -> dict[int, int]:
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for left, right in sorted(group, key=costs.__getitem__):
        if left not in partners and right not in taken:
            partners[left] = right
            taken.add(right)
    return partners


def _cheapest(group: list[Pair], costs: Mapping[Pair, float], alone: float) -> dict[int, int]:
    """Dynamic programming over the lefts, with the set of rights taken so far."""
    options: dict[int, list[int]] = {}
    for left, right in group:
        options.setdefault(left, []).append(right)
    lefts = list(options)

    @cache
    def best(position: int, taken: frozenset[int]) -> tuple[float, tuple[Pair, ...]]:
        if position == len(lefts):
            return 0.0, ()
        left = lefts[position]
        least: float = math.inf
        chosen: tuple[Pair, ...] = ()
        for right in options[left]:
            if right not in taken:
                rest, pairs = best(position + 1, taken | {right})
                if (total := costs[left, right] + rest) < least:
                    least, chosen = total, ((left, right), *pairs)
        rest, pairs = best(position + 1, taken)
        return (alone + rest, pairs) if alone + rest < least else (least, chosen)

    return dict(best(0, frozenset())[1])
