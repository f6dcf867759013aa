/** The page's style: system fonts, no images; dark by the reader's preference, black on white in print. */
export const STYLE = `
:root{--bg:#faf9f7;--card:#fff;--ink:#1d1f24;--soft:#5d6370;--line:#e3e1dc;--do:#d9622b;--d1:#2867c8;--both:#7a4bc2;--other:#24845a;--stop:#b3261e;--warn:#fff4e5;--warn-line:#e9b872;--ok:#24845a;--tight:#b7791f;--over:#b3261e;--track:#eceae5}
@media (prefers-color-scheme:dark){:root{--bg:#16171a;--card:#1f2126;--ink:#e9e8e4;--soft:#a3a8b3;--line:#33363d;--do:#f08a54;--d1:#73a5f5;--both:#b794f6;--other:#5cc796;--stop:#ff8a80;--warn:#2c2519;--warn-line:#8a6a35;--ok:#5cc796;--tight:#e0ac4f;--over:#ff8a80;--track:#2c2f36}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main,footer{max-width:860px;margin:0 auto;padding:0 20px}
footer{color:var(--soft);font-size:.85rem;padding-bottom:48px}
h1{font-size:clamp(1.6rem,4.5vw,2.5rem);line-height:1.15;margin:.1em 0 .35em;letter-spacing:-.02em;text-wrap:balance}
h2{font-size:1.2rem;margin:0 0 .7em}
h3{font-size:1rem;margin:0 0 .3em}
p{margin:.3em 0}
small{color:var(--soft)}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--track);padding:.1em .35em;border-radius:5px;overflow-wrap:anywhere}
a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:2px}
.ref{font-size:.85em;color:var(--soft)}
.hero{padding:44px 0 8px;border-top:8px solid var(--accent);margin-top:0}
.hero.d1{--accent:var(--d1)}.hero.durable-objects{--accent:var(--do)}.hero.both{--accent:var(--both)}.hero.neither{--accent:var(--other)}.hero.stop{--accent:var(--stop)}
.hero h1{color:var(--accent)}
.eyebrow{color:var(--soft);text-transform:uppercase;letter-spacing:.09em;font-size:.78rem;font-weight:600}
.lead{font-size:1.12rem;max-width:62ch}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin:22px 0 0}
.facts div,section,.warnings article,.gauges article{background:var(--card);border:1px solid var(--line);border-radius:12px}
.facts div{padding:12px 16px}
dt{color:var(--soft);font-size:.8rem}
dd{margin:2px 0 0;font-weight:600}
dd code,dd small{font-weight:400}
.meter{display:block;height:8px;border-radius:4px;background:var(--track);overflow:hidden;margin:6px 0}
.meter span{display:block;height:100%;background:var(--accent,var(--d1))}
.also{margin:16px 0 0;padding-left:1.2em}
section{padding:22px 24px;margin:18px 0}
figure{margin:0;overflow-x:auto}
.diagram{width:100%;min-width:560px;height:auto;display:block}
.box{fill:var(--card);stroke:var(--soft);stroke-width:1.6}
.box.object{stroke:var(--do)}.box.database{stroke:var(--d1)}.box.product{stroke:var(--other)}
.box.behind{opacity:.45}
.box-title{font-weight:600;font-size:15px;fill:var(--ink)}
.box-note{font-size:12.5px;fill:var(--soft)}
.edge{fill:none;stroke:var(--soft);stroke-width:1.5}
marker path{fill:var(--soft)}
.edge-label{font-size:12px;fill:var(--soft);paint-order:stroke;stroke:var(--card);stroke-width:4px}
.axis{display:grid;grid-template-columns:1fr 1fr;width:220px;font-size:.78rem;color:var(--soft);margin-bottom:4px}
.axis span{white-space:nowrap}
.axis span:last-child{text-align:right}
.pulls{list-style:none;padding:0;margin:0}
.pulls li{display:grid;grid-template-columns:220px 1fr;gap:18px;padding:9px 0;border-top:1px solid var(--line)}
.pull{position:relative;height:18px;margin-top:4px;background:linear-gradient(var(--soft),var(--soft)) center/1px 100% no-repeat,var(--track);border-radius:4px}
.bar{position:absolute;top:2px;bottom:2px;border-radius:3px}
.left .bar{right:50%;background:var(--do)}.right .bar{left:50%;background:var(--d1)}.middle .bar{left:25%;background:var(--other)}
.veto .bar{background:repeating-linear-gradient(45deg,var(--soft) 0 4px,transparent 4px 8px)}
.aside .bar{opacity:.3}
.tag{color:var(--soft);font-size:.85rem}
.sums{display:flex;gap:12px;align-items:center;font-size:.85rem;color:var(--soft);border-top:2px solid var(--line);padding-top:12px;margin-top:4px}
.sum-bars{position:relative;flex:1;height:14px;background:linear-gradient(var(--soft),var(--soft)) center/1px 100% no-repeat,var(--track);border-radius:4px}
.sum{position:absolute;top:0;bottom:0;border-radius:3px}
.sum.do{right:50%;background:var(--do)}.sum.d1{left:50%;background:var(--d1)}
.quiet{color:var(--soft);font-size:.88rem;margin-top:12px}
.flips{list-style:none;padding:0;margin:0}
.flips li{display:flex;gap:14px;justify-content:space-between;align-items:baseline;padding:7px 0;border-top:1px solid var(--line)}
.flips li:first-child{border-top:0}
.target{font-weight:600;white-space:nowrap}
.target::before{content:"→ ";color:var(--soft);font-weight:400}
.target.d1{color:var(--d1)}.target.durable-objects{color:var(--do)}.target.both{color:var(--both)}.target.neither{color:var(--other)}
details summary{cursor:pointer;color:var(--soft);padding:6px 0}
.warnings{display:grid;gap:12px}
.warnings article{padding:14px 18px;background:var(--warn);border-color:var(--warn-line)}
.gauges{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:12px}
.gauges article{padding:14px 16px;background:none}
.gauge{height:10px;border-radius:5px;background:var(--track);overflow:hidden;margin:6px 0}
.gauge span{display:block;height:100%;background:var(--ok)}
.gauge.tight span{background:var(--tight)}.gauge.exceeds span{background:var(--over)}
.verdict{font-size:.78rem;font-weight:600;color:var(--ok)}.verdict.tight{color:var(--tight)}.verdict.exceeds{color:var(--over)}
.amount{font-weight:600}
.arithmetic{margin:.4em 0;padding-left:1.1em;font-size:.88rem;color:var(--soft)}
table{width:100%;border-collapse:collapse;font-size:.94rem}
th{text-align:left;font-weight:500;padding:7px 12px 7px 0;vertical-align:top}
td{padding:7px 0;vertical-align:top;border:0}
tr+tr th,tr+tr td{border-top:1px solid var(--line)}
.cost-bar{width:40%}
.cost-bar span{display:block;height:14px;margin-top:5px;border-radius:3px;background:var(--soft);min-width:2px}
.chosen th{font-weight:700}.chosen .cost-bar span{background:var(--both)}
.socket th{padding-left:18px;color:var(--soft)}
.money{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-left:12px}
.lines td{font-size:.88rem;color:var(--soft)}
.lines th{white-space:nowrap}
.lines .money{color:var(--ink)}
.asks{padding-left:1.1em}
.sources ol{padding-left:1.4em;font-size:.88rem}
.sources li{margin:.45em 0;overflow-wrap:anywhere}
.answers{width:auto;margin-top:12px}
.answers th{padding-right:24px}
@media (max-width:640px){.pulls li{grid-template-columns:1fr;gap:4px}.pull{max-width:220px}.flips li{flex-direction:column;gap:2px}section{padding:18px 16px}.cost-bar{display:none}.lines th{white-space:normal}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--do:#c04a14;--d1:#1d4f9e;--both:#5f35a0;--other:#146b44;--stop:#9b1c15;--warn:#fff;--warn-line:#999;--ok:#146b44;--tight:#8a5a12;--over:#9b1c15;--track:#eee}body{font-size:10.5pt}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}main,footer{max-width:none;padding:0}section{padding:10pt 0;margin:8pt 0;border:0;border-top:1px solid var(--line);border-radius:0}li,article,tr,figure{break-inside:avoid}h2{break-after:avoid}.hero{padding-top:12pt}.diagram{min-width:0}}
`;
