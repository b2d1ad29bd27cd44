"""The censored internet in a box: packets, path, boxes, worlds and two executors."""
