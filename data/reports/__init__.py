"""Reports upward, of a period and a place: all words and numbers in them are made from `data.figures`, nothing else.

gathered   the figures, tables and lists of one report
told       how a number is written, and the sentences that are made of numbers
drawn      its charts
word       documents from templates, whose files may be anybody's
marks      … what may stand in their braces (the only module that knows jinja2)
filling    … how they are filled in (the only module that knows docxtpl and docx)
document   a quarter's or a year's report as a document
book       all tables as a workbook
plots      … the charts in it, drawn by Excel from its cells
page       the whole on one picture, for the group
lecture    what is kept of one lecture (建档归卡), and its document
"""
