// How a page looks: light and dark, wide and narrow, on paper. Colors have names, so that drawings follow the scheme.
// Every text has a contrast of 4.5 to what is behind it, in both schemes.

/// The page's style sheets.
enum PageStyle {
  /// The page as a whole, and its tables.
  static let layout: StaticString = """

    :root {
      color-scheme: light dark;
      --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --shade: #f4f6f8; --link: #0550ae;
      --good: #116329; --bad: #a40e26; --warn: #7d4e00; --ins: #d3f2d9; --del: #ffdfdc;
      --c0: #0b6bb8; --c1: #b5500a; --c2: #0f7b4f; --c3: #9a3b8f; --c4: #7a6200; --c5: #4b5563;
      --data: #57606a; --model: #0b6bb8; --feedback: #9a3b8f; --judging: #0f7b4f; --training: #b5500a;
      --table: #1b1f24;
      --h1: #fff1e0; --h2: #ffe0c2; --h3: #ffc899; --h4: #ffad70; --h5: #ff934d;
      --l1: #e8f3ff; --l2: #cfe6ff; --l3: #aad3ff; --l4: #82beff; --l5: #5aa9fa;
    }
    @media screen and (prefers-color-scheme: dark) {
      :root {
        --paper: #0f1317; --ink: #e6edf3; --soft: #9da7b1; --rule: #363d46; --shade: #191f26; --link: #79b8ff;
        --good: #6fdd8b; --bad: #ff9492; --warn: #e8b94f; --ins: #17492a; --del: #63201f;
        --c0: #6cb6ff; --c1: #f69d50; --c2: #56d4a0; --c3: #dc9bea; --c4: #d9c04a; --c5: #aeb7c0;
        --data: #9da7b1; --model: #6cb6ff; --feedback: #dc9bea; --judging: #56d4a0; --training: #f69d50;
        --table: #e6edf3;
        --h1: #2b2119; --h2: #43301f; --h3: #5e3c1d; --h4: #7a4718; --h5: #954f0c;
        --l1: #16222f; --l2: #17304a; --l3: #174067; --l4: #165085; --l5: #1160a3;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0 auto; max-width: 1280px; padding: 1.5rem clamp(1rem, 3vw, 2.5rem) 4rem; background: var(--paper);
      color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
    }
    h1, h2, h3, h4 { line-height: 1.25; margin: 2.2em 0 .5em; overflow-wrap: anywhere; }
    h1 { font-size: 1.9rem; margin-top: .3em; }
    h2 { font-size: 1.4rem; border-bottom: 1px solid var(--rule); padding-bottom: .25em; }
    h3 { font-size: 1.1rem; margin-top: 1.6em; } h4 { font-size: 1rem; margin-top: 1.4em; }
    p { margin: .6em 0; max-width: 78ch; overflow-wrap: anywhere; }
    a { color: var(--link); } :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
    code, .id, .said { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace;
      font-size: .88em; }
    .skip { position: absolute; left: -99rem; }
    .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .4rem; }
    .about { font-size: 1.05rem; } .note, footer { color: var(--soft); font-size: .93rem; }
    .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr));
      gap: .5rem 1.5rem; margin: 1rem 0; }
    .facts dt { color: var(--soft); font-size: .82rem; } .facts dd { margin: 0; overflow-wrap: anywhere; }
    .missing { border-left: 3px solid var(--warn); margin: 1rem 0; padding: .4rem .8rem .4rem 1.8rem;
      background: var(--shade); }
    .notes { padding-left: 1.2rem; max-width: 90ch; font-size: .93rem; color: var(--soft); }
    .notes li { margin: .3em 0; }
    nav { border-block: 1px solid var(--rule); padding: .5rem 0; margin: 1.2rem 0 0; }
    nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.2rem; list-style: none; margin: 0; padding: 0; }
    nav ul ul { padding-left: 1rem; }
    .scroll { overflow-x: auto; max-width: 100%; margin: .8rem 0; }
    table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
    caption { text-align: left; color: var(--soft); font-size: .88rem; padding: 0 0 .35rem; }
    th, td { text-align: left; vertical-align: top; padding: .3rem .7rem; border-bottom: 1px solid var(--rule); }
    thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; } tbody th { font-weight: 500; }
    .n { text-align: right; white-space: nowrap; }
    .n small, th small { display: block; color: var(--soft); font-weight: 400; font-size: .82em; }
    .result td { white-space: nowrap; } .result tr.base > * { background: var(--shade); }
    .error, .published { color: var(--soft); }
    .claims .says, .claims .rests { min-width: 22ch; } .claims strong { white-space: nowrap; }
    .claims .why { display: block; font-size: .88em; min-width: 16ch; }
    .holds { color: var(--good); } .fails { color: var(--bad); } .open { color: var(--warn); }
    .n .found { color: var(--ink); } .diverged { color: var(--bad); } .sub { font-weight: 500; }
    details { margin: .6rem 0; } summary { cursor: pointer; color: var(--link); }
    """

  /// Drawings: charts and the plan.
  static let drawings: StaticString = """

    figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; font-size: .95rem; }
    .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr));
      gap: 1.6rem 2rem; margin: 1rem 0; }
    .curves { width: 100%; max-width: 560px; height: auto; display: block; }
    svg text { fill: var(--ink);
      font: 13px system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
    svg .tick, svg .name { fill: var(--soft); font-variant-numeric: tabular-nums; }
    .axis, .mark { stroke: var(--soft); } .grid { stroke: var(--rule); stroke-width: .7; }
    .zero { stroke: var(--soft); stroke-width: 1; }
    .round { stroke: var(--soft); stroke-dasharray: 2 3; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .band { opacity: .17; stroke: none; }
    .whisker { stroke-width: 2; }
    .c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
    .c4 { --c: var(--c4); }
    .c5 { --c: var(--c5); } .base { --c: var(--c5); }
    .line, .whisker { stroke: var(--c); } .m, .band { fill: var(--c); } .m { stroke: var(--paper); stroke-width: 1; }
    .c1 .line { stroke-dasharray: 7 3; } .c2 .line { stroke-dasharray: 2 3; } .c3 .line { stroke-dasharray: 9 3 2 3; }
    .c4 .line { stroke-dasharray: 12 4; } .c5 .line { stroke-dasharray: 4 2; }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .3rem 0 .5rem;
      padding: 0; font-size: .9rem; }
    .legend li { overflow-wrap: anywhere; } .swatch { vertical-align: -1px; max-width: none; }
    .plan { margin: 1rem 0; }
    .plan figcaption { font-weight: 400; color: var(--soft); max-width: 78ch; margin-bottom: .6rem; }
    .graph { display: block; max-width: none; height: auto; }
    .picture { border: 1px solid var(--rule); border-radius: 6px; } .sheet { position: relative; width: max-content; }
    .start { position: absolute; top: 0; width: 1px; height: 1px; scroll-initial-target: nearest; }
    @media (min-width: 1000px) { .sheet { width: auto; } .graph { max-width: 100%; margin: 0 auto; } }
    .arrow { fill: none; stroke: var(--soft); stroke-width: 1.1; opacity: .75; } .head { fill: var(--soft); }
    .box { fill: var(--paper); stroke: var(--k); stroke-width: 1.4; }
    .shared .box { fill: color-mix(in srgb, var(--k) 17%, var(--paper)); }
    svg .what { font-size: 12px; } svg .facts { fill: var(--soft); font-size: 11px; }
    .plain { --k: var(--soft); } .data { --k: var(--data); } .model { --k: var(--model); }
    .feedback { --k: var(--feedback); }
    .judging { --k: var(--judging); } .training { --k: var(--training); } .table { --k: var(--table); }
    """

  /// Records, and the page on paper.
  static let records: StaticString = """

    .record { border: 1px solid var(--rule); border-radius: 6px; padding: .7rem .9rem; margin: .8rem 0; }
    .id { color: var(--soft); margin: 0 0 .3rem; font-size: .8rem; overflow-wrap: anywhere; }
    .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
      gap: .8rem 1.4rem; }
    .column { min-width: 0; } .column.prompt { grid-column: 1 / -1; }
    .who { color: var(--soft); font-size: .82rem; margin: .3rem 0 .1rem; }
    .said { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; line-height: 1.5;
      max-height: 24rem; overflow-y: auto; }
    td.said { min-width: 14rem; max-height: none; }
    @media screen and (max-width: 600px) {
      .record table, .record tbody, .record tr, .record td, .record tbody th { display: block; }
      .record thead { display: none; } .record tr { border-bottom: 1px solid var(--rule); padding: .4rem 0; }
      .record td, .record tbody th { border: 0; padding: .1rem 0; min-width: 0; }
    }
    ins { background: var(--ins); color: var(--ink); text-decoration: underline; text-decoration-thickness: 2px;
      text-decoration-color: var(--good); }
    del { background: var(--del); color: var(--ink); text-decoration: line-through;
      text-decoration-color: var(--bad); }
    .right { color: var(--good); font-weight: 600; } .wrong { color: var(--bad); font-weight: 600; }
    .other { color: var(--warn); font-weight: 600; }
    .t { color: var(--ink); border-radius: 3px; padding: .1em 0; text-decoration-thickness: 2px;
      text-underline-offset: 3px; }
    .scale .t { padding: .1em .4em; margin: 0 1px; white-space: nowrap; }
    .h1 { background: var(--h1); } .h2 { background: var(--h2); } .h3 { background: var(--h3); }
    .h4 { background: var(--h4); } .h5 { background: var(--h5); }
    .l1 { background: var(--l1); } .l2 { background: var(--l2); } .l3 { background: var(--l3); }
    .l4 { background: var(--l4); } .l5 { background: var(--l5); }
    @media print {
      :root {
        color-scheme: light; --ink: #000000; --soft: #444444; --rule: #bbbbbb; --shade: #f2f2f2; --link: #000000;
      }
      body { max-width: none; padding: 0; font-size: 10.5pt; print-color-adjust: exact;
        -webkit-print-color-adjust: exact; }
      nav, .skip, details { display: none; } .scroll { overflow: visible; } .sheet { width: auto; } .said { max-height: none; }
      table { font-size: 7.5pt; } th, td { padding: .15rem .3rem; } .n, .result td { white-space: normal; } .graph { max-width: 100%; }
      figure, .record, tr { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
      .charts { grid-template-columns: 1fr 1fr; }
    }
    """
}
