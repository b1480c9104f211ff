"""One patient's thorax as numbers, and the layers of the chest wall they describe.

z = 0 is the middle of the heart; the carina lies near z = 60 mm, the liver's dome near -50 mm.
The layers are given as radius from the thorax's axis over the angle ``alpha`` from the posterior
midline: 0 at the spine, pi / 2 at the side, pi at the sternum.
"""

from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.phantom.shapes import bump, smooth_step


@dataclass(frozen=True)
class ThoraxShape:
    """Measures of one patient, lengths in mm.

    Attributes:
        cage_width: Half the width of the rib cage.
        cage_depth: Half its depth.
        cage_exponent: Of its superellipse; 2 is an ellipse, more is boxier.
        fat: Thickness of subcutaneous fat.
        muscle: Factor of the thickness of the muscle layer.
        breast: Thickness of the breasts beyond the chest wall; 0 for most men.
        tilt: Asymmetry: right side this much wider than left, relative.
        rib_phase: Height of a rib at the spine.
        rib_spacing: Between ribs at the spine.
        rib_drop: Fall of a rib from spine to sternum.
        heart: Centre x, y of the heart at z = 0.
        heart_axes: Half its length, width and height.
        heart_angle: Direction of its apex in rad.
        aorta_radius: Of the descending aorta.
        domes: Height of the right and left dome of the diaphragm.
        lung_hu: Mean of the lungs in HU.
        wobble: Amplitudes and phases of the outline's irregularities.
    """

    cage_width: float
    cage_depth: float
    cage_exponent: float
    fat: float
    muscle: float
    breast: float
    tilt: float
    rib_phase: float
    rib_spacing: float
    rib_drop: float
    heart: tuple[float, float]
    heart_axes: tuple[float, float, float]
    heart_angle: float
    aorta_radius: float
    domes: tuple[float, float]
    lung_hu: float
    wobble: tuple[tuple[float, float], ...]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "ThoraxShape":
        """Draw a patient."""
        size = rng.uniform(0.92, 1.06)
        is_female = rng.random() < 0.4
        spacing = rng.uniform(21, 25) * size
        heart = rng.uniform(0.92, 1.12) * size
        return cls(
            cage_width=rng.uniform(124, 134) * size,
            cage_depth=rng.uniform(86, 95) * size,
            cage_exponent=rng.uniform(2.15, 2.5),
            fat=rng.uniform(4, 14),
            muscle=rng.uniform(0.8, 1.25) * (0.85 if is_female else 1.0),
            breast=rng.uniform(12, 26) if is_female else rng.uniform(0, 3),
            tilt=rng.uniform(-0.02, 0.04),
            rib_phase=rng.uniform(0, spacing),
            rib_spacing=spacing,
            rib_drop=rng.uniform(100, 125) * size,
            heart=(rng.uniform(16, 24) * size, rng.uniform(-28, -20) * size),
            heart_axes=(58 * heart, 43 * heart, 64 * heart),
            heart_angle=-rng.uniform(0.5, 0.85),
            aorta_radius=rng.uniform(10.5, 14),
            domes=(rng.uniform(-58, -46), rng.uniform(-70, -56)),
            lung_hu=rng.uniform(-875, -825),
            wobble=tuple((rng.normal(0, 0.5), rng.uniform(0, 2 * np.pi)) for _ in range(5)),
        )

    @property
    def spine_y(self) -> float:
        """Centre of the vertebral bodies, mm behind the axis."""
        return 0.565 * self.cage_depth

    def layers(
        self, alpha: np.ndarray, side: np.ndarray, z: np.ndarray | float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Radius in mm of the outside of the ribs, of the muscles and of the skin.

        Args:
            alpha: Angle from the posterior midline in rad, 0 to pi.
            side: Sign of x: +1 left, -1 right.
            z: Height in mm.
        """
        cage = self.cage_radius(alpha, side, z)
        muscle = cage + self._muscle_thickness(alpha, z)
        return cage, muscle, muscle + self._fat_thickness(alpha, side, z)

    def cage_radius(self, alpha: np.ndarray, side: np.ndarray, z: np.ndarray | float) -> np.ndarray:
        """Radius of the outside of the ribs.

        Args:
            alpha: Angle from the posterior midline in rad, 0 to pi.
            side: Sign of x: +1 left, -1 right.
            z: Height in mm.
        """
        narrowing = 1 - 0.16 * smooth_step(30, 150, z)
        width = self.cage_width * narrowing * (1 - 0.5 * self.tilt * side)
        depth = self.cage_depth * (1 - 0.06 * smooth_step(40, 150, z))
        n = self.cage_exponent
        across, along = np.abs(np.sin(alpha)) / width, np.abs(np.cos(alpha)) / depth
        radius = (across**n + along**n) ** (-1 / n)
        spine = 1 - 0.17 * bump(alpha, 0.0, 0.30) + 0.035 * bump(alpha, 0.62, 0.25)
        return radius * spine * (1 - 0.05 * bump(alpha, np.pi, 0.35))

    def _muscle_thickness(self, alpha: np.ndarray, z: np.ndarray | float) -> np.ndarray:
        """Thickness of the muscles of the chest wall."""
        upper = smooth_step(-40, 70, z)
        thickness = (
            3
            + 22 * bump(alpha, 0.12, 0.30)
            + (8 + 10 * upper) * bump(alpha, 1.05, 0.36)
            + 4 * bump(alpha, 1.6, 0.4)
            + 11 * upper * bump(alpha, 2.5, 0.33)
        )
        return self.muscle * thickness

    def _fat_thickness(
        self, alpha: np.ndarray, side: np.ndarray, z: np.ndarray | float
    ) -> np.ndarray:
        """Thickness of fat, breasts and skin."""
        fat = self.fat * (1 + 0.3 * bump(alpha, 1.5, 0.7) - 0.5 * bump(alpha, np.pi, 0.3))
        fat = fat * (1 - 0.4 * bump(alpha, 0.0, 0.2)) + 2.5
        breast = self.breast * bump(alpha, 2.42, 0.36) * bump(z, 8.0, 55.0)
        wobble = sum(
            amplitude * np.cos((order + 2) * alpha * side + phase)
            for order, (amplitude, phase) in enumerate(self.wobble)
        )
        return fat + breast + wobble
