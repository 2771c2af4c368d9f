/** Of the reference page. */
export const style = `:root {
  color-scheme: light dark;
  --ground: light-dark(#fbfbfa, #131518);
  --surface: light-dark(#ffffff, #1a1d21);
  --line: light-dark(#e4e4e0, #2b3036);
  --ink: light-dark(#1c1f23, #e4e6e9);
  --soft: light-dark(#5a6068, #a1a8b1);
  --accent: light-dark(#2456b8, #8ab0ff);
  --get: light-dark(#1a6b3c, #5bd195);
  --post: light-dark(#2456b8, #8ab0ff);
  --delete: light-dark(#b3261e, #ff8a80);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font: 15px / 1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
  -webkit-text-size-adjust: 100%;
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); display: grid; grid-template-columns: 17rem minmax(0, 1fr) }
a { color: var(--accent); text-decoration: none }
a:hover, p a { text-decoration: underline; text-underline-offset: 2px }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px }
.skip { position: absolute; left: -999px }
.skip:focus { left: 8px; top: 8px; background: var(--surface); padding: 6px 10px; z-index: 1 }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1.25rem; border-right: 1px solid var(--line); font-size: 0.9rem }
nav h2 { font-size: 0.8rem; color: var(--soft); margin: 1.25rem 0 0.25rem; font-weight: 600 }
nav ul { list-style: none; margin: 0; padding: 0 }
nav li a { display: flex; gap: 0.6rem; padding: 0.15rem 0; overflow-wrap: anywhere }
main { padding: 1.5rem clamp(1rem, 4vw, 3rem) 6rem; max-width: 62rem }
h1 { font-size: 1.6rem; margin: 0 0 0.25rem }
main > section > h2 { margin: 3rem 0 0; font-size: 1.25rem }
article { margin: 1.5rem 0 0; padding: 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; scroll-margin-top: 1rem }
article h3 { margin: 0; font-size: 1rem; display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: baseline }
article h3 a { color: inherit }
article h4 { margin: 1.25rem 0 0.4rem; font-size: 0.85rem; color: var(--soft) }
p { margin: 0.5rem 0; max-width: 46rem }
.soft { color: var(--soft) }
code, pre { font-family: var(--mono); font-size: 0.88em }
.method { font: 600 0.75rem var(--mono); min-width: 3.6em }
.get { color: var(--get) }
.post { color: var(--post) }
.delete { color: var(--delete) }
pre { margin: 0.4rem 0; padding: 0.8rem 1rem; overflow-x: auto; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; line-height: 1.45 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 1rem 0.4rem 0; border-top: 1px solid var(--line) }
th { font-weight: 600; color: var(--soft); font-size: 0.85rem; border-top: 0 }
td:first-child { white-space: nowrap }
td p { margin: 0 }
@media (max-width: 48rem) {
  body { display: block }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line) }
  article { padding: 1rem }
  thead { display: none }
  tr { display: block; padding: 0.5rem 0; border-top: 1px solid var(--line) }
  td { display: block; border: 0; padding: 0.1rem 0 }
}
`
