"""Colours as eyes see them: contrast (WCAG 2.2), distance (CIEDE2000), simulated deficiencies (Machado, 2009)."""

from __future__ import annotations

import math

Rgb = tuple[float, float, float]

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6),
# 2009: matrices of severity 1.0, on linear RGB. (https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/)
DEFICIENCIES: dict[str, tuple[Rgb, Rgb, Rgb]] = {
    "protanopie": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutéranopie": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopie": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_WHITE = (0.95047, 1.0, 1.08883)  # D65
_DARK, _LIGHT = 0.008856, 903.3  # CIE: where the cube root starts, and the slope below


def parse(color: str) -> Rgb:
    """Return « #rrggbb » as sRGB from 0 to 1."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def blend(over: str, opacity: float, under: Rgb) -> Rgb:
    """Return what is seen of a colour of this opacity laid over another."""
    red, green, blue = (opacity * a + (1 - opacity) * b for a, b in zip(parse(over), under, strict=True))
    return red, green, blue


def _linear(color: Rgb) -> Rgb:
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in color)
    return red, green, blue


def _multiply(matrix: tuple[Rgb, Rgb, Rgb], vector: Rgb) -> Rgb:
    red, green, blue = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted((_multiply(_TO_XYZ, _linear(each))[1] for each in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(color: Rgb, deficiency: str | None = None) -> Rgb:
    """Return CIELAB (D65) of a colour, as an eye with this deficiency sees it."""
    seen = _linear(color)
    if deficiency:
        red, green, blue = (min(1.0, max(0.0, each)) for each in _multiply(DEFICIENCIES[deficiency], seen))
        seen = red, green, blue
    scaled = (each / white for each, white in zip(_multiply(_TO_XYZ, seen), _WHITE, strict=True))
    x, y, z = (each ** (1 / 3) if each > _DARK else (_LIGHT * each + 16) / 116 for each in scaled)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: Rgb, other: Rgb) -> float:
    """Return CIEDE2000 between two CIELAB colours (Sharma, Wu and Dalal, 2005); about 2.3 is just noticed side by side."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - math.sqrt(mean_c7 / (mean_c7 + 25**7)))
    (c1, h1), (c2, h2) = (
        (math.hypot(a * (1 + g), b), math.degrees(math.atan2(b, a * (1 + g))) % 360) for a, b in ((a1, b1), (a2, b2))
    )
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    delta_h = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = (
        1
        - 0.17 * _cos(mean_h - 30)
        + 0.24 * _cos(2 * mean_h)
        + 0.32 * _cos(3 * mean_h + 6)
        - 0.2 * _cos(4 * mean_h - 63)
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    rotation = (
        -2
        * math.sqrt(mean_c**7 / (mean_c**7 + 25**7))
        * math.sin(math.radians(60 * math.exp(-(((mean_h - 275) / 25) ** 2))))
    )
    dl, dc, dh = (l2 - l1) / s_l, (c2 - c1) / s_c, delta_h / s_h
    return math.sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh)


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))
