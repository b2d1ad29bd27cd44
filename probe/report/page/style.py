"""The page's one style sheet: readable on a phone, in the dark, on paper, and without colours."""

from typing import Final

# Colours after Okabe and Ito (2008), which people of every colour vision can tell apart; the state
# is written in each cell all the same. Grey belongs to "no data" and "insufficient" alone.
CSS: Final = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d1d9e0;--panel:#f6f8fa;
--ok:#d7ecf7;--ok-fg:#0b3a53;--restricted:#fbeeb0;--restricted-fg:#4d3f00;--refused:#f3d9a4;
--refused-fg:#4a3000;--impaired:#f0b95b;--impaired-fg:#3a2400;--blocked:#b5400a;--blocked-fg:#fff;
--down:#8d4a78;--down-fg:#fff;--grey:#e3e6ea;--grey-fg:#40484f;--hatch:#c3c9d0;--c0:#0072b2;
--c1:#b5400a;--c2:#007f5c;--c3:#8d4a78;--c4:#8a6d00;--c5:#3b3b3b;--c6:#3a90c5;--c7:#b87e00;
--n0:#f1f3f5;--n1:#d9dee4;--n2:#b8c0ca;--n3:#8d98a5;--n3-fg:#10151a}
@media(prefers-color-scheme:dark){:root{--bg:#0f1419;--fg:#e6edf3;--dim:#9aa7b4;--line:#313a44;
--panel:#171d24;--ok:#12364a;--ok-fg:#cfe9f8;--restricted:#4d4310;--restricted-fg:#fbeeb0;
--refused:#57421a;--refused-fg:#fbe3b4;--impaired:#8a5a0a;--impaired-fg:#fff3dd;--blocked:#d3561c;
--blocked-fg:#120600;--down:#b878a4;--down-fg:#14060f;--grey:#262d35;--grey-fg:#b7c1cb;
--hatch:#3a444f;--c0:#56b4e9;--c1:#f0814c;--c2:#3cc59b;--c3:#d79ac4;--c4:#d9bd3a;--c5:#c9ced4;
--c6:#2f7fb0;--c7:#e0a92e;--n0:#1b222a;--n1:#2b343e;--n2:#44505c;--n3:#6a7885;--n3-fg:#fff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--bg);color:var(--fg);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:0}
p{margin:.4rem 0;max-width:46rem}.dim,figcaption,footer{color:var(--dim);font-size:.875rem}
section{margin:2rem 0;border-top:1px solid var(--line);padding-top:1rem}
.scroll{overflow-x:auto;margin:.6rem 0;border:1px solid var(--line);border-radius:6px}
.scroll:focus-visible{outline:3px solid var(--c0)}
table{border-collapse:separate;border-spacing:2px;font-size:.875rem}
th{font-weight:600;text-align:left;padding:.3rem .5rem;white-space:nowrap}
thead th{vertical-align:bottom}
tbody th{position:sticky;left:0;background:var(--bg);z-index:1}
td{padding:.3rem .5rem;min-width:6.5rem;border-radius:3px;text-align:center;line-height:1.25}
td small,.key small{display:block;font-size:.75rem}
.days td,.days thead th{min-width:2.1rem;padding:.2rem;text-align:center;font-size:.75rem}
.days thead th{font-weight:400;color:var(--dim)}
.ok{background:var(--ok);color:var(--ok-fg)}
.restricted{background:var(--restricted);color:var(--restricted-fg)}
.refused{background:var(--refused);color:var(--refused-fg)}
.impaired{background:var(--impaired);color:var(--impaired-fg)}
.blocked{background:var(--blocked);color:var(--blocked-fg)}
.down{background:var(--down);color:var(--down-fg)}
.insufficient{color:var(--grey-fg);background:repeating-linear-gradient(45deg,var(--grey) 0 5px,
var(--hatch) 5px 6px)}
.nodata{color:var(--dim);background:none;border:1px dashed var(--line)}
.n0{background:var(--n0)}.n1{background:var(--n1)}.n2{background:var(--n2);color:var(--fg)}
.n3{background:var(--n3);color:var(--n3-fg)}
.mark{color:var(--c1);font-weight:700}
.key{display:flex;flex-wrap:wrap;gap:.4rem;list-style:none;padding:0;margin:.5rem 0;
font-size:.875rem}
.key li{padding:.15rem .5rem;border-radius:3px}
.key svg{vertical-align:middle;margin-right:.3rem}
svg text{fill:var(--fg);font:12px system-ui,sans-serif}
svg .axis{stroke:var(--line)}svg .dimtext{fill:var(--dim)}
svg.plot{width:100%;min-width:52rem;height:auto;display:block}
.s0{stroke:var(--c0);fill:var(--c0)}.s1{stroke:var(--c1);fill:var(--c1)}
.s2{stroke:var(--c2);fill:var(--c2)}.s3{stroke:var(--c3);fill:var(--c3)}
.s4{stroke:var(--c4);fill:var(--c4)}.s5{stroke:var(--c5);fill:var(--c5)}
.s6{stroke:var(--c6);fill:var(--c6)}.s7{stroke:var(--c7);fill:var(--c7)}
.curve{fill:none;stroke-width:2}.bar{stroke:var(--bg);stroke-width:.6}
a{color:var(--c0)}a:focus-visible{outline:3px solid var(--c0)}
.facts{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;padding:0;list-style:none}
.facts b{font-size:1.25rem;display:block}
@media print{.scroll{overflow:visible}section{break-inside:avoid}}
"""
