"""What scores tell together: differences with intervals, noise and sharpness, curves."""
