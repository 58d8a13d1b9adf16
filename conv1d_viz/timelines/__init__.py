"""From a layer's activations onto the time axis: receptive fields, diagonals, roles."""
