"""HTML report of Assay results: load documents, draw with gnuplot, render with Jinja2."""
