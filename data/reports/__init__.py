"""Reports upward, of a period and a place: all words and numbers in them are made from `data.figures`, nothing else.

gathered   the figures, tables and lists of one report
told       how a number is written, and the sentences that are made of numbers
drawn      its charts
word       documents from templates (the only module that knows docxtpl and docx)
document   a quarter's or a year's report as a document
book       all tables as a workbook
page       the whole on one picture, for the group
lecture    what is kept of one lecture (建档归卡), and its document
"""
