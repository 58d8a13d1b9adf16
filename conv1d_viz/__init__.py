"""See what a one-dimensional convolution looks at in a time series, and which of its channels a forecast needs.

The public names are loaded when they are first used, so that windowing and plotting start at once and TensorFlow is
imported only by what needs a model. `__init__.pyi` lists them.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
