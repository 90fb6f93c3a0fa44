"""Reports: their periods, their figures, and how they are written as a page and as a sheet (R-FB-05)."""
