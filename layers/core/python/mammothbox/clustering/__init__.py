"""Groups of media that look alike, and what people decide about them."""
