"""What is counted rather than trained: the numbers of the architecture and the database."""
