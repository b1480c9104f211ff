"""Doing a matrix: jobs in their order, each as a process, and how far they are."""
