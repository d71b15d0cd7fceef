"""The report on a portfolio as a document to keep: one sheet, written as HTML or PDF."""
