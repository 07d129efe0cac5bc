"""Downloads that resume and are verified, whatever archive they come from.

`transfer.py` brings several files of a folder at a time; `download.py` brings one (`part.py` is a
file under way, `http.py` asks again after failures), and `record.py` notes where each comes from.
"""
