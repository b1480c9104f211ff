"""True pairs of full and low dose from the Mayo Clinic."""
