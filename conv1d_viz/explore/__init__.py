"""Live figures: pieces of HTML that need no kernel, no network and no library."""
