"""What a function that runs long shows by itself: `watched` decides who receives its lines."""
