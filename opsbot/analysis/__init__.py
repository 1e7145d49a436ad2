"""What a log says, over the live file and its archives: streamed, bounded, honest about what is missing.

A collector (`collectors`) names the patterns of the lines that it wants and counts what it is given; one scan
(`scan`) reads the files (`sources`), the newest first, so that what is left out is the oldest;
`analyst` does it in a thread.
"""
