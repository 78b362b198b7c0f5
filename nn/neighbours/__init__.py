"""Networks to other libraries and back; they know a layer as numbers and an activation."""
