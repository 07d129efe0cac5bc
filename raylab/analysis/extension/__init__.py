"""What `raylab extend` may add to a study: draws of the search, and trials with known configs."""
