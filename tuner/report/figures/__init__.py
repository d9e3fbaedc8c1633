"""The figures of the report: plain data in, Plotly's figures out; nothing of HTML."""
