"""GradBench's ba and ht: points seen by cameras, and a hand posed over measured points."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import compile, cos, dot, sin, sqrt, where
from benchmarks.gradbench.protocol import Task

CAMERA, POINT = 11, 3


# -- bundle adjustment ------------------------------------------------------------------------------


def turned(axis: Any, x: Any) -> list[Any]:
    """x around an axis, by its length, after Rodrigues; around none it is moved by the cross product."""
    square = dot(axis, axis)
    still = square <= 0.0
    angle = sqrt(where(still, 1.0, square))
    (a, b, c), (x0, x1, x2) = (each / angle for each in axis), x
    cosine, sine = cos(angle), sin(angle)
    along = (a * x0 + b * x1 + c * x2) * (1.0 - cosine)
    crossed = [b * x2 - c * x1, c * x0 - a * x2, a * x1 - b * x0]
    around = [x[i] * cosine + crossed[i] * sine + (a, b, c)[i] * along for i in range(3)]
    return [where(still, x[i] + angle * crossed[i], around[i]) for i in range(3)]


def reprojected(seen: Any, feature: Any) -> Any:
    """How far from where it was seen a point is projected: a camera (turn, place, focal length, centre, two
    distortions), the point and its weight, in one row."""
    camera, point, weight = seen[:CAMERA], seen[CAMERA : CAMERA + POINT], seen[-1]
    x, y, z = turned(camera[:3], [point[i] - camera[3 + i] for i in range(3)])
    u, v = x / z, y / z
    square = u * u + v * v
    scale = (1.0 + camera[9] * square + camera[10] * square * square) * camera[6]
    return np.array([weight * (u * scale + camera[7] - feature[0]), weight * (v * scale + camera[8] - feature[1])])


REPROJECTED = compile(reprojected, in_axes=(0, 0))
WEIGHED = compile(lambda w: 1.0 - w * w, in_axes=0)


def _scene(given: Any) -> tuple[Any, ...]:
    n, m, p = given["n"], given["m"], given["p"]
    cameras, points = np.tile(given["cam"], (n, 1)), np.tile(given["x"], (m, 1))
    observed = np.arange(p) % n, np.arange(p) % m
    return cameras, points, np.full(p, float(given["w"])), np.tile(np.array(given["feat"], float), (p, 1)), observed


def _rows(cameras: Any, points: Any, weights: Any, observed: Any) -> Any:
    """What each observation depends on."""
    return np.concatenate([cameras[observed[0]], points[observed[1]], weights[:, None]], axis=1)


def errors(cameras: Any, points: Any, weights: Any, features: Any, observed: Any) -> Any:
    """Of the observations, and of the weights."""
    return REPROJECTED(_rows(cameras, points, weights, observed), features), WEIGHED(weights)


def sparse_jacobian(cameras: Any, points: Any, weights: Any, features: Any, observed: Any) -> Any:
    """Of both along cameras, points and weights, as where rows begin, columns, and values."""
    p, width = len(weights), CAMERA + POINT + 1
    blocks = REPROJECTED.jacobian(_rows(cameras, points, weights, observed), features)
    last = CAMERA * len(cameras) + POINT * len(points) + np.arange(p)
    columns = np.empty((p, 2, width), np.int64)
    columns[:, :, :CAMERA] = (CAMERA * observed[0][:, None] + np.arange(CAMERA))[:, None]
    columns[:, :, CAMERA:-1] = (CAMERA * len(cameras) + POINT * observed[1][:, None] + np.arange(POINT))[:, None]
    columns[:, :, -1] = last[:, None]
    begins = np.concatenate([np.arange(2 * p + 1) * width, 2 * p * width + 1 + np.arange(p)])
    values = np.concatenate([blocks.ravel(), WEIGHED.grad(weights)])
    return begins, np.concatenate([columns.ravel(), last]), values


def _few(numbers: Any) -> list[Any]:
    """The first block and the last number."""
    return [*numbers[: 2 * (CAMERA + POINT + 1)].tolist(), numbers[-1].item()]


def _told_errors(found: Any) -> Any:
    seen, weighed = found
    return {
        "reproj_error": {"elements": seen[0].tolist(), "repeated": len(seen)},
        "w_err": {"element": float(weighed[0]), "repeated": len(weighed)},
    }


def _told_jacobian(found: Any) -> Any:
    begins, columns, values = found
    return {"rows": _few(begins), "cols": _few(columns), "vals": _few(values)}


# -- hand tracking ----------------------------------------------------------------------------------


def product(a: Any, b: Any) -> list[list[Any]]:
    """Of two matrices."""
    return [[dot(row, column) for column in zip(*b, strict=True)] for row in a]


def about(axis: Any) -> list[list[Any]]:
    """The rotation about an axis by its length; by next to nothing none."""
    square = dot(axis, axis)
    still = square < 1e-8
    angle = sqrt(where(still, 1.0, square))
    unit = [each / angle for each in axis]
    (x, y, z), s, c = unit, sin(angle), cos(angle)
    crossed = [[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]
    eye = [[float(i == j) for j in range(3)] for i in range(3)]
    rotation = [[eye[i][j] * c + crossed[i][j] * s + unit[i] * unit[j] * (1.0 - c) for j in range(3)] for i in range(3)]
    return [[where(still, eye[i][j], rotation[i][j]) for j in range(3)] for i in range(3)]


def bent(x: Any, z: Any, y: Any) -> list[list[Any]]:
    """About x, then y, then z, as a matrix of four rows."""
    about_x = [[1.0, 0.0, 0.0], [0.0, cos(x), -sin(x)], [0.0, sin(x), cos(x)]]
    about_y = [[cos(y), 0.0, sin(y)], [0.0, 1.0, 0.0], [-sin(y), 0.0, cos(y)]]
    about_z = [[cos(z), -sin(z), 0.0], [sin(z), cos(z), 0.0], [0.0, 0.0, 1.0]]
    rows = product(product(about_z, about_y), about_x)
    return [[*row, 0.0] for row in rows] + [[0.0, 0.0, 0.0, 1.0]]


def bends(theta: Any, bones: int) -> list[tuple[Any, Any, Any]]:
    """How each bone is bent: five fingers of three joints, the first of which bends in two ways."""
    found: list[tuple[Any, Any, Any]] = [(0.0, 0.0, 0.0)] * bones
    given = iter(theta)
    for finger in range(5):
        for joint in range(3):
            first = next(given)
            found[2 + 4 * finger + joint] = first, next(given) if joint == 0 else 0.0, 0.0
    return found


def posed(theta: Any, model: Any) -> list[list[list[Any]]]:
    """What each bone does to a vertex of the hand at rest."""
    absolute: list[Any] = []
    for base, parent, bend in zip(
        model["base_relatives"], model["parents"], bends(theta[6:], len(model["parents"])), strict=True
    ):
        relative = product(base, bent(*bend))
        absolute.append(relative if parent == -1 else product(absolute[parent], relative))
    return [product(a[:3], inverse) for a, inverse in zip(absolute, model["inverse_base_absolutes"], strict=True)]


def placed(vertex: int, transforms: Any, globally: Any, theta: Any, model: Any) -> list[Any]:
    """A vertex in the world: moved by its bones, each with its weight, and by the whole hand."""
    place, weights = model["base_positions"][vertex], model["weights"][vertex]
    held = [(weight, bone) for weight, bone in zip(weights, transforms, strict=True) if weight]
    skin = [dot([w for w, _ in held], [dot(bone[i], place) for _, bone in held]) for i in range(3)]
    if model["is_mirrored"]:
        skin[0] = -skin[0]
    return [dot(globally[i], skin) + theta[3 + i] for i in range(3)]


class Hand:
    """The errors of a measurement: how far its points are from the vertices, or places on triangles, that belong."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self.call = compile(self.errors, simplify=True)

    def errors(self, z: Any, us: Any) -> Any:
        """z is by how much all places on triangles are moved, and the pose.

        An error depends on its own place alone, so the slopes along the common move are those along its place.
        """
        model, move, theta = self._data["model"], z[: len(z) - 26], z[len(z) - 26 :]
        transforms, globally = posed(theta, model), about(theta[:3])
        known: dict[int, list[Any]] = {}

        def at(vertex: int) -> list[Any]:
            if vertex not in known:
                known[vertex] = placed(vertex, transforms, globally, theta, model)
            return known[vertex]

        found: list[Any] = []
        for k, (belongs, point) in enumerate(zip(self._data["correspondences"], self._data["points"], strict=True)):
            if len(move):
                a, b = us[k][0] + move[0], us[k][1] + move[1]
                corners = [at(vertex) for vertex in model["triangles"][belongs]]
                place = [dot([a, b, 1.0 - a - b], axis) for axis in zip(*corners, strict=True)]
            else:
                place = at(belongs)
            found += [point[i] - place[i] for i in range(3)]
        return np.array(found)


def _hand(given: Any) -> tuple[Any, ...]:
    us = np.array(given["us"], float).reshape(-1, 2)
    return Hand(given["data"]).call, np.concatenate([np.zeros(2 if len(us) else 0), given["theta"]]), us


MODULES: dict[str, dict[str, Task]] = {
    "ba": {
        "objective": Task(_scene, errors, _told_errors),
        "jacobian": Task(_scene, sparse_jacobian, _told_jacobian),
    },
    "ht": {
        "objective": Task(_hand, lambda call, z, us: call(z, us), np.ndarray.tolist),
        "jacobian": Task(_hand, lambda call, z, us: call.jacobian(z, us), np.ndarray.tolist),
    },
}
