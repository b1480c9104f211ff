"""Images kept on disk: memory-mapped, shared by processes, bounded."""
