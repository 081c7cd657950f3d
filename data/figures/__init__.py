"""Figures for the report upward: each is counted from rows, opens the rows behind it, and stays as it was counted.

periods, areas     which time, which place
scope              both together, and when the books of that time were closed
records            since when there are rows to count at all
figure             what one is: a number and the rows behind it, out of one source; counting counts several together
figures            all there are (`FIGURES`); how each subject is counted is in orders, held, stations, heard, spoken,
                   reported; sql has spans of time in both databases' words
named              places as people call them
tables             the same figures by month, village, topic …
flags              what looks odd, for coordinators to look at; same_lists finds lists that are one
media              the reports in media that are noted by hand
formalism          the self-check against 指尖上的形式主义; asking knows words that tell people to do something
commendation       lecturers who meet criteria, by name
"""
