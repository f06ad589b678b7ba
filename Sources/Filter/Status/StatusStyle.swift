/// The page's look: the system's own letters and colours, light or dark as the reader has it.
enum StatusStyle {
  static let css = """
    :root { --back: #f6f7f9; --card: #fff; --text: #1b1f24; --soft: #5b6570; --line: #dde1e6;
      --good: #1a7f4b; --bad: #b3261e; --bar: #3b6fb6; --part: #d08700; }
    @media (prefers-color-scheme: dark) { :root { --back: #14171a; --card: #1d2125; --text: #e8eaed;
      --soft: #9aa4ae; --line: #32383e; --good: #58c48c; --bad: #ff8a80; --bar: #7ba7e0; --part: #f0b44c; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 62rem; padding: .75rem; background: var(--back); color: var(--text);
      font: 16px/1.4 system-ui, sans-serif; }
    header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .25rem 1rem; }
    h1 { font-size: 1.25rem; margin: .25rem 0; overflow-wrap: anywhere; }
    h1 small { color: var(--soft); font-weight: normal; font-size: 1rem; }
    h2 { font-size: 1rem; margin: 0 0 .5rem; }
    .pill { margin: 0; padding: .1rem .9rem; border-radius: 1rem; font-weight: 600; border: 2px solid; }
    .pill.good { color: var(--good); } .pill.bad, .bad { color: var(--bad); }
    section, .tiles > div, .troubles { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
    section { padding: .75rem; margin: .75rem 0; } section p { margin: 0; color: var(--soft); }
    .troubles { list-style: none; margin: .75rem 0; padding: .5rem .75rem; border-left: 4px solid var(--bad);
      overflow-wrap: anywhere; }
    section .troubles { border-width: 0 0 0 4px; margin: 0; border-radius: 0; }
    .troubles li + li { margin-top: .5rem; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .5rem; margin: .75rem 0; }
    .tiles > div { padding: .5rem .75rem; }
    dt { color: var(--soft); font-size: .875rem; } dd { margin: 0; font-size: 1.5rem; font-weight: 600;
      font-variant-numeric: tabular-nums; }
    dd.note { font-size: .8125rem; font-weight: normal; color: var(--soft); } .bad dd.note { color: var(--bad); }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; }
    figure { margin: 0; } figcaption { font-weight: 600; font-size: .875rem; }
    figcaption span { display: block; }
    figcaption span, .scale { color: var(--soft); font-weight: normal; font-size: .8125rem; }
    svg { display: block; width: 100%; height: 4rem; }
    .all { fill: var(--bar); } .part { fill: var(--part); } .axis { stroke: var(--line); stroke-width: 2; }
    section .scale { display: flex; justify-content: space-between; font-size: .75rem; }
    table { border-collapse: collapse; width: 100%; font-size: .875rem; }
    th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); vertical-align: top; }
    .parts td, .id { overflow-wrap: anywhere; }
    tr:first-child > * { border-top: 0; }
    th { font-weight: 600; white-space: nowrap; } .parts th { width: 1%; }
    .wide { overflow-x: auto; } .messages td { white-space: nowrap; font-variant-numeric: tabular-nums; }
    .messages td.id { white-space: normal; }
    .messages .id { font-family: ui-monospace, monospace; font-size: .8125rem; }
    @media (max-width: 40rem) { .parts th { white-space: normal; overflow-wrap: anywhere; width: 42%; }
      .messages tr { display: grid; grid-template-columns: auto auto auto 1fr; column-gap: .75rem;
        padding: .4rem 0; border-top: 1px solid var(--line); }
      .messages tr:first-child { display: none; }
      .messages tr:nth-child(2) { border-top: 0; }
      .messages td { padding: 0; border: 0; font-size: .8125rem; }
      .messages td:nth-child(1) { grid-area: 1 / 1 / 2 / 4; width: 0; min-width: 100%; }
      .messages td:nth-child(3) { grid-area: 1 / 4; }
      .messages td:nth-child(6) { grid-area: 2 / 4; white-space: normal; overflow-wrap: anywhere; }
      .messages td:nth-child(3), .messages td:nth-child(6) { text-align: right; }
      .messages td:nth-child(4):not(:empty)::before { content: "in "; }
      .messages td:nth-child(5):not(:empty)::before { content: "audio "; } }
    footer { color: var(--soft); font-size: .8125rem; } a { color: var(--bar); margin-right: .5rem; }

    """
}
