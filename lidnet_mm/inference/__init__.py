"""Running a trained denoiser over series of CT."""
