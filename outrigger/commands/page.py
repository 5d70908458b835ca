"""One plotly figure as a web page that loads nothing and sends nothing.

The page carries plotly itself, five megabytes, so that it opens without a network and years later.
"""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>html, body {{ height: 100%; margin: 0; }}</style>
</head>
<body>
{figure}
</body>
</html>
"""


def page(figure: go.Figure) -> str:
    """Make a page of a figure, its title the page's title.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        What to show, filling the window.

    Returns
    -------
    str
        HTML.
    """
    body = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        default_height="100%",
        # Plotly's tool bar would offer to upload the chart.
        config={"displaylogo": False, "showSendToCloud": False, "responsive": True, "scrollZoom": True},
    )
    return _PAGE.format(title=escape(figure.layout.title.text), figure=body)
