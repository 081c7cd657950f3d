"""Pictures: charts, posters and the type they are set in. Values in, SVG text out; no session, no clock.

An SVG here has neither ``style`` attributes nor ``<style>`` elements, so a page with a strict policy may hold it; the
same text becomes a PNG for a group by `data.drawing.render.png`.
"""
