/** The style sheet of a report. All of it is here: a report loads nothing. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--paper:#fcfbf8;--ink:#23211d;--soft:#68645b;--line:#dcd8ce;--wash:#f2efe8;--accent:#1c5d8c;--second:#a3501a;--third:#4a6b2a}
@media (prefers-color-scheme:dark){:root{--paper:#17181b;--ink:#e5e2da;--soft:#a5a197;--line:#37393e;--wash:#202226;--accent:#80bbe3;--second:#e39c66;--third:#a9c585}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.55 "Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;font-variant-numeric:lining-nums}
main{max-width:46rem;margin:0 auto;padding:3rem 1.25rem 4rem}
h1{font-size:clamp(1.5rem,1.1rem + 1.8vw,2.15rem);line-height:1.22;font-weight:600;margin:.35rem 0 .75rem;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.25rem;font-weight:600;line-height:1.3;margin:3.25rem 0 .75rem;padding-top:.8rem;border-top:1px solid var(--line)}
h3{font-size:1rem;font-weight:600;line-height:1.3;margin:0 0 .35rem;overflow-wrap:anywhere}
p{margin:0 0 .9rem;max-width:40rem;overflow-wrap:anywhere}
.kicker,figcaption,.note,.chart text,table,.legend,dl,.temperature,.answers,.examples .said p,summary,footer{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
.kicker{font-size:.8rem;letter-spacing:.04em;color:var(--soft);margin:0}
.soft{color:var(--soft)}
.verdict{margin:1.75rem 0 0;padding:1.1rem 1.3rem 1.2rem;background:var(--wash);border-left:4px solid var(--accent);border-radius:0 4px 4px 0}
.verdict.no{border-left-style:double;border-left-width:6px;border-left-color:var(--second)}
.verdict.open{border-left-style:dashed;border-left-color:var(--soft)}
.verdict p{margin:0}
.verdict .word{font:600 .82rem/1.2 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;letter-spacing:.09em;color:var(--accent);margin-bottom:.4rem}
.verdict.no .word{color:var(--second)}
.verdict.open .word{color:var(--soft)}
.verdict .sentence{font-size:1.3rem;line-height:1.35;margin-bottom:.35rem}
.verdict .more{margin-top:.7rem}
figure{margin:1.25rem 0 1.5rem}
figcaption,.note{font-size:.83rem;line-height:1.5;color:var(--soft);max-width:40rem}
figcaption{margin-top:.6rem}
.chart{display:block;overflow:visible}
.chart text{font-size:13px;fill:var(--ink);font-variant-numeric:tabular-nums}
.chart .value,.chart .end,.chart .left{text-anchor:end}
.chart .name,.chart .value{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}
.chart .strong{font-weight:650}
.chart .tick{font-size:11.5px;fill:var(--soft);text-anchor:middle}
.chart .tick.left,.chart .tick.end{text-anchor:end}
.chart .tick.start{text-anchor:start}
.grid{stroke:var(--line)}
.zero{stroke:var(--ink);stroke-width:1.5}
.teacher{stroke:var(--second);stroke-dasharray:5 4}
.band{fill:var(--second);opacity:.14}
.run{fill:var(--paper);fill-opacity:.6;stroke:var(--accent);stroke-width:1.2}
.bar{stroke:var(--ink);stroke-width:1.7}
.mean{fill:var(--ink);stroke:var(--paper);stroke-width:1.5}
.mean.open{fill:var(--paper);stroke:var(--ink);stroke-width:1.8}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:1.6rem 2rem;margin:1.25rem 0}
.plot{margin:0;min-width:0}
.line{fill:none;stroke:var(--ink);stroke-width:1.8;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.line1{stroke:var(--accent);stroke-dasharray:7 3}
.line2{stroke:var(--second);stroke-dasharray:2 3}
.line3{stroke:var(--third);stroke-dasharray:9 3 2 3}
.line4{stroke:var(--soft);stroke-dasharray:3 6}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;list-style:none;margin:.3rem 0 0;padding:0;font-size:.8rem;font-variant-numeric:tabular-nums}
.legend svg{margin-right:.4rem;vertical-align:middle}
.scroll{overflow-x:auto;margin:1.25rem 0}
table{border-collapse:collapse;font-size:.85rem;line-height:1.4;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;color:var(--soft);padding-bottom:.4rem}
th,td{padding:.4rem .8rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);font-weight:400}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);vertical-align:bottom;border-bottom-color:var(--soft)}
tbody th{min-width:8.5rem;overflow-wrap:anywhere}
.dense :is(th,td):not(:last-child){padding-right:.5rem}
.group{text-align:center}
.number{text-align:right}
.number,.whole{white-space:nowrap}
.about{display:block;color:var(--soft);font-size:.93em;max-width:24rem}
abbr{text-decoration:none}
.confusions{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:1.5rem 2rem}
.confusions.wide{grid-template-columns:minmax(0,1fr)}
.confusions .scroll{margin:0;min-width:0}
.confusion{font-size:.74rem}
.confusion th,.confusion td{padding:.3rem .15rem;text-align:center;border:1px solid var(--paper);min-width:0;white-space:nowrap;overflow-wrap:normal}
.confusion tbody th{text-align:right;padding-right:.5rem;width:1%}
.confusion td{min-width:2.1rem}
.confusion thead th{border-bottom-color:var(--paper);vertical-align:bottom}
.turned{writing-mode:vertical-rl;transform:rotate(180deg)}
.confusion td{background:color-mix(in srgb,var(--second) calc(var(--shade)*75%),var(--wash))}
.confusion td.right{background:color-mix(in srgb,var(--accent) calc(var(--shade)*38%),var(--wash));font-weight:650;letter-spacing:-.03em;outline:1px solid var(--accent);outline-offset:-2px}
.confusion td.none{color:var(--soft)}
.confused tbody th{min-width:0;width:45%}
.softened{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:1rem 1.25rem;align-items:start;padding-bottom:1.1rem;border-bottom:1px solid var(--line)}
.softened.texts{grid-template-columns:minmax(0,1fr);gap:.5rem}
.softened figcaption{margin-top:.4rem;line-height:1.4;overflow-wrap:anywhere}
figcaption b{color:var(--ink)}
.shares{table-layout:fixed}
.shares th,.shares td{padding:.3rem .6rem .3rem 0;vertical-align:bottom;overflow-wrap:anywhere}
.shares th:first-child{width:34%}
.shares tbody th{min-width:0}
.shares td{background:linear-gradient(var(--soft),var(--soft)) no-repeat 0 100%/var(--share) .3rem;padding-bottom:.45rem;white-space:nowrap}
.shares .right td{background-image:linear-gradient(var(--accent),var(--accent))}
.shares .right th{font-weight:650;text-decoration:underline}
.shares .others{color:var(--soft)}
.seen{table-layout:fixed}
.seen th,.seen td{padding:.25rem .1rem;text-align:center;min-width:0}
.seen tr>:first-child{width:5.4rem;text-align:left;overflow-wrap:normal}
.seen img{width:100%;max-width:2.6rem;margin:0 auto}
.seen td{color:var(--soft)}
.seen td.yes{color:var(--ink);font-weight:700;background:color-mix(in srgb,var(--accent) 24%,var(--wash))}
.temperatures{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.75rem,1fr));gap:.9rem 1rem}
.temperature{font-size:.8rem;margin:0 0 .15rem;color:var(--soft)}
.probability{fill:var(--soft);opacity:.65}
.probability.right{fill:var(--accent);opacity:1}
.chart .class{font-size:11px;fill:var(--soft);text-anchor:middle}
.chart .class.right{fill:var(--ink);font-weight:700;text-decoration:underline}
img{display:block;width:5.25rem;height:auto;image-rendering:pixelated;border-radius:3px;background:#000}
blockquote{margin:0;padding-left:.8rem;border-left:2px solid var(--line);max-width:40rem;white-space:pre-line;overflow-wrap:anywhere}
.examples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr));gap:1.25rem 1.75rem;list-style:none;margin:1.25rem 0;padding:0}
.examples>li{display:flex;gap:.9rem;align-items:flex-start;min-width:0}
.examples .texts{display:block}
.examples .said{flex:1;min-width:0}
.examples .said p{font-size:.85rem;margin:0 0 .2rem}
.texts .said{margin-top:.4rem}
.answers{display:grid;grid-template-columns:auto fit-content(45%) minmax(0,1fr) auto;gap:.1rem .6rem;list-style:none;margin:0;padding:0;font-size:.8rem;line-height:1.5;font-variant-numeric:tabular-nums;min-width:0;overflow-wrap:anywhere}
.answers li{display:grid;grid-template-columns:subgrid;grid-column:1/-1}
.answers .by{grid-column:2;color:var(--soft)}
.answers .by~*{min-width:0}
.mark{width:1.1em;font-weight:700}
.mark.yes{color:var(--accent)}
.mark.not{color:var(--second)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.35rem 1.25rem;font-size:.85rem;margin:1rem 0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
pre{font:.8rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--wash);padding:.8rem 1rem;border-radius:4px;margin:.75rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
details{margin:1rem 0}
summary{cursor:pointer;font-size:.85rem;color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
footer{margin-top:3.5rem;padding-top:.8rem;border-top:1px solid var(--line);font-size:.8rem;color:var(--soft)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:34rem){body{font-size:16px}main{padding:1.75rem 1rem 3rem}h2{margin-top:2.5rem}.softened{grid-template-columns:minmax(0,1fr)}.temperatures{grid-template-columns:1fr 1fr}th,td{padding-right:.5rem}tbody th{min-width:6.5rem}table{font-size:.8rem}.picture .shown{display:flex;gap:.9rem;align-items:center}.picture figcaption{margin:0}.confusion{font-size:.66rem}.shares th:first-child{width:41%}.shares th,.shares td{padding-right:.4rem}.chart .name,.chart .value{font-size:12px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--wash:#f4f4f4;--accent:#1c5d8c;--second:#a3501a;--third:#4a6b2a}body{font-size:10.5pt}main{max-width:none;padding:0}h2,h3,caption{break-after:avoid}figure,tr,.examples>li,.softened,.verdict{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}summary{list-style:none;color:inherit}.confusion td,.shares td,.verdict,.probability,img{print-color-adjust:exact;-webkit-print-color-adjust:exact}.scroll{overflow:visible}}
`;
