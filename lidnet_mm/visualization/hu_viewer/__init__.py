"""What all viewers of HU images share in the browser: images, drawing, mouse and touch."""

PACKAGE = "lidnet_mm.visualization.hu_viewer"

SCRIPTS = (
    ("lidnet_mm.visualization.dataset_page", "packed_image.js"),
    (PACKAGE, "common.js"),
    (PACKAGE, "images.js"),
    (PACKAGE, "canvas.js"),
    (PACKAGE, "pointer.js"),
)
"""Package and file name of each script, in this order: each uses those before it."""
