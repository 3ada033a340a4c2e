"""The look of a card's page: that of the index page, with tables and pictures."""

from typing import Final

STYLE: Final = """\
:root {
  color-scheme: light dark;
  --text: #1c2421;
  --quiet: #55645f;
  --line: #d9e0dc;
  --page: #f6f8f6;
  --card: #fff;
  --code: #f0f3f1;
  --accent: #0b6b50;
  --open: #7fb5a3;
  --missing: #a85a00;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --text: #e6ece9;
    --quiet: #9aaaa4;
    --line: #2f3a36;
    --page: #131816;
    --card: #1b2220;
    --code: #141a18;
    --accent: #5fd0a9;
    --open: #36745f;
    --missing: #e5a04d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 68rem;
  padding: 2.5rem 1.25rem 4rem;
  background: var(--page);
  color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 2rem; line-height: 1.25; letter-spacing: -0.02em; }
h2 { margin: 0 0 0.6rem; font-size: 1.2rem; letter-spacing: -0.01em; }
p { margin: 0.35rem 0; }
header p { color: var(--quiet); max-width: 48rem; }
.identity code { font-size: 0.95rem; }
.version {
  padding: 0.1rem 0.5rem;
  border: 1px solid var(--line);
  border-radius: 1rem;
  font-size: 0.85rem;
}
.note, .about { color: var(--quiet); font-size: 0.9rem; }
.note { margin-bottom: 0.9rem; }
.about { display: block; font-weight: 400; }
main { display: flex; flex-wrap: wrap; gap: 1.25rem; margin-top: 2rem; }
section {
  flex: 1 1 100%;
  min-width: 0;
  padding: 1.25rem 1.5rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--card);
}
section.half { flex-basis: 24rem; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.92rem; }
th, td {
  padding: 0.5rem 1.25rem 0.5rem 0;
  border-bottom: 1px solid var(--line);
  text-align: left;
  vertical-align: top;
  overflow-wrap: break-word;
}
tbody th { min-width: 11rem; overflow-wrap: anywhere; }
tr:last-child > :is(th, td) { border-bottom: 0; }
:is(th, td):last-child { padding-right: 0; }
thead th { padding-top: 0; color: var(--quiet); font-size: 0.82rem; font-weight: 500; }
tbody th { font-weight: 600; }
td[data-head="SHA-256"] { overflow-wrap: anywhere; }
dl {
  display: grid;
  grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr);
  gap: 0.25rem 1.5rem;
  margin: 0 0 0.6rem;
  font-size: 0.92rem;
}
dt { color: var(--quiet); }
dd { margin: 0; }
figure { margin: 0.75rem 0; }
figcaption { color: var(--quiet); font-size: 0.85rem; }
td.picture { width: 15.5rem; min-width: 15.5rem; }
.drawing { display: block; width: 100%; max-width: 20rem; height: auto; }
.drawing text { fill: var(--quiet); font-size: 11px; }
.drawing .bar { fill: var(--accent); }
.drawing .open { fill: var(--open); }
.drawing .missing { fill: var(--missing); }
.drawing .cut { stroke: var(--card); stroke-width: 3; }
.drawing .axis { stroke: var(--line); stroke-width: 1; }
pre {
  margin: 0;
  padding: 0.8rem 1rem;
  border-radius: 0.5rem;
  background: var(--code);
  font-size: 0.82rem;
  line-height: 1.5;
  white-space: pre-wrap;
}
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media screen and (max-width: 46rem) {
  body { padding: 1.25rem 0.75rem 2.5rem; }
  main { gap: 0.9rem; }
  section.half { flex-basis: 100%; }
  section { padding: 1rem; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 0.45rem; }
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  th, td { padding: 0.1rem 0; border: 0; }
  tbody th { min-width: 0; }
  td[data-head]::before { content: attr(data-head) ": "; color: var(--quiet); }
  td:empty { display: none; }
  td.picture { width: auto; padding-top: 0.4rem; }
}
@media print {
  :root { --page: #fff; --code: #f6f6f6; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  main { display: block; }
  section { padding: 0.6rem 0; border: 0; border-top: 1px solid var(--line); border-radius: 0; }
  section.half { break-inside: avoid; }
  h2 { break-after: avoid; }
  tr, figure, pre { break-inside: avoid; }
  .drawing { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
