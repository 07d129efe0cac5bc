"""What people see of a study: figures, charts, tables and the report.

`draw` and `unit_correlations` are the public functions. `study_page` writes the report of a study
from its `facts` and its `identity`, `comparison_page` that of several studies; `page` and `markup`
fill in the Jinja2 templates of the folder `templates`. `baselines` and `verdict` hold the winner
against what needs no training. `trial_figures` draws one trial. `style` has the colours.

The rooms: `saved` reads what a trial saved, `score_files` describes the JSON files of scores,
`tables` makes tables, `figures` draws with matplotlib, `charts` with plotly; `sections` prepares
the sections of a report; `answering` is the report of an answer; `studies` is what `study`, the
public class, shows.
"""
