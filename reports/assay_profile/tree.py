"""Stacks as a tree of frames, each with its place in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field

from .stacks import Frame, Kind, Stacks

LEAST_SHARE = 0.0005
"""A narrower frame cannot be seen: it is left out, with what stands below it."""


@dataclass
class Node:
    """A function as called from one place, and all that was seen in it and below."""

    frame: Frame
    weight: int = 0
    children: dict[Frame, Node] = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """A frame in the picture: shares of the whole width, and how many callers stand above it."""

    frame: Frame
    weight: int
    left: float
    width: float
    depth: int


def grow(stacks: Stacks, root: str) -> Node:
    """The tree below a frame that stands for the benchmark."""
    top = Node(Frame(root, Kind.NONE), stacks.total)
    for stack, weight in stacks.counts.items():
        node = top
        for frame in stack:
            node = node.children.setdefault(frame, Node(frame))
            node.weight += weight
    return top


def lay_out(top: Node) -> list[Box]:
    """The frames wide enough to be seen, parents before their children, the heaviest child left."""
    boxes: list[Box] = []
    waiting = [(top, 0, 0)]  # with the weight left of each, and its depth
    while waiting:
        node, start, depth = waiting.pop()
        boxes.append(
            Box(node.frame, node.weight, start / top.weight, node.weight / top.weight, depth)
        )
        row = []
        for child in sorted(node.children.values(), key=_heaviest_first):
            if child.weight >= top.weight * LEAST_SHARE:
                row.append((child, start, depth + 1))
            start += child.weight
        waiting.extend(reversed(row))
    return boxes


def _heaviest_first(node: Node) -> tuple[int, str, str]:
    return -node.weight, node.frame.name, node.frame.kind.value
