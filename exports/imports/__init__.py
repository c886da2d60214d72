"""Lists that staff bring in files: judged row by row, confirmed as they were shown, and taken back where need be."""
