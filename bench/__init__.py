"""Speed, printed as ratios of things measured side by side in one run; absolute figures belong to a machine."""
