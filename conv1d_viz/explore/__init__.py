"""The interactive views: widgets around a picture that follows them, and words that say what it shows."""

from conv1d_viz.explore.channels import explore_channels
from conv1d_viz.explore.deletions import explore_deletions

__all__ = ["explore_channels", "explore_deletions"]
