"""Bring your own: a town's villages, topics, lecturers, groups and past lectures out of one Excel file.

`data.bring.sheets.SHEETS` shows all that can be brought. The way: `data.bring.book.read` (bytes to rows, hostile files
refused), `data.bring.plan.check` (what would become of each row, and every fault by sheet, row and column; writes
nothing), `data.bring.plan.apply` (all or nothing; the same file again changes nothing).
"""
