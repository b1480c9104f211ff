"""What a conversion writes: json, volumes, a summary, and all of it or nothing."""
