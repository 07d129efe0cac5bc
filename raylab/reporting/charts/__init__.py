"""Interactive charts with plotly, one kind per file. plotly renders a subset of HTML in every text,
so each chart escapes text from data by itself.

Of the trials of a study: `learning_curves`, `importance`, `parallel_coordinates`, `slices`,
`front`, `embedding`. Of predictions: `predicted` over time, `predicted_scatter`, `confusion`. Of
several studies: `ranking`, `progress`. `style` gives all of them the same look, `axes` decides
which parameters have numeric and logarithmic axes, `timeline` shortens the gaps of a recording.
"""
