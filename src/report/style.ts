/** The style sheet of the report: light, dark, print. Text on its ground has a contrast of at least 4.5 to 1. */

/** Colours as custom properties: `ink` text, `soft` lesser text, `ground` page, `card` raised areas, `line` rules. */
export const palettes: Readonly<Record<"light" | "dark", Readonly<Record<string, string>>>> = {
  light: {
    ground: "#f4f6f8",
    card: "#ffffff",
    ink: "#18212b",
    soft: "#4d5a68",
    line: "#d4dae1",
    rest: "#e1e6ec",
    accent: "#0b5cad",
    busy: "#0b5cad",
    good: "#176b35",
    warning: "#7a4d00",
    bad: "#b3151f",
    calm: "#4d5a68",
    "busy-ground": "#e3eefa",
    "good-ground": "#e0f3e6",
    "warning-ground": "#fdf0d2",
    "bad-ground": "#fce4e4",
    "calm-ground": "#e9edf1",
  },
  dark: {
    ground: "#11161c",
    card: "#1a212a",
    ink: "#e8edf2",
    soft: "#a9b5c2",
    line: "#36414d",
    rest: "#35404c",
    accent: "#6cb2f7",
    busy: "#86c0fa",
    good: "#6fd594",
    warning: "#f1c15b",
    bad: "#ff9a94",
    calm: "#a9b5c2",
    "busy-ground": "#16304b",
    "good-ground": "#153524",
    "warning-ground": "#3a2d0e",
    "bad-ground": "#471c1d",
    "calm-ground": "#28313b",
  },
};

const tones = ["busy", "good", "warning", "bad", "calm"] as const;

function properties(palette: "light" | "dark"): string {
  return Object.entries(palettes[palette])
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");
}

const layout = `
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:64rem;margin:0 auto;padding:2rem 1rem 4rem}
header,section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.5rem;margin:0 0 1.25rem}
h1{font-size:1.9rem;line-height:1.25;margin:0 0 .5rem;display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center}
h2{font-size:1.25rem;margin:0 0 1rem}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0}
code{font:.92em ui-monospace,SFMono-Regular,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--accent)}
.eyebrow{color:var(--soft);font-size:.9rem;margin:0}
.lead{font-size:1.1rem;margin:.25rem 0 1rem}
.made{color:var(--soft);font-size:.9rem;margin:1rem 0 0}
.small{display:block;color:var(--soft);font-size:.86rem;font-weight:400}
.badge{display:inline-block;white-space:nowrap;border-radius:999px;padding:.1rem .7rem;font-size:.9rem;font-weight:600;line-height:1.5}
h1 .badge{font-size:1rem}
.notice{border-left:5px solid;border-radius:6px;padding:.6rem 1rem;margin:.75rem 0}
.notice p{margin:0}
.notice p+p{color:var(--ink)}
.notice-title{font-weight:700}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.75rem 1.5rem;margin:1rem 0 0}
.facts dt{color:var(--soft);font-size:.86rem}
.facts dd{margin:0;font-weight:600}
.track{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(6,1fr)}
.track li{border-top:6px solid var(--rest);padding:.5rem .75rem .25rem 0;color:var(--soft)}
.track .done{border-color:var(--good)}
.track .now{border-color:var(--accent);color:var(--ink);font-weight:700}
.step{display:block;line-height:1.3}
.step-state{display:block;font-size:.86rem;font-weight:400;color:var(--soft)}
.dates{list-style:none;margin:0;padding:0 0 0 .4rem}
.dates li{display:grid;grid-template-columns:16.5rem 1fr;gap:.25rem 1rem;border-left:3px solid var(--line);padding:.45rem 0 .45rem 1.25rem;position:relative}
.dates li::before{content:"";position:absolute;left:-9px;top:.7rem;width:15px;height:15px;border-radius:50%;border:3px solid var(--calm);background:var(--card)}
.dates .good::before{border-color:var(--good);background:var(--good)}
.dates .warning::before{border-color:var(--warning)}
.dates .bad::before{border-color:var(--bad)}
.dates .today::before{border-color:var(--accent);background:var(--accent)}
.dates .today{color:var(--accent)}
.dates p{margin:0}
.dates time{white-space:nowrap}
.date{color:var(--soft)}
.distance{display:block;font-size:.86rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.25rem 0}
caption{text-align:left;color:var(--soft);font-size:.9rem;padding:0 0 .4rem}
th,td{text-align:left;vertical-align:top;padding:.55rem .9rem .55rem 0;border-bottom:1px solid var(--line)}
thead th{overflow-wrap:normal;color:var(--soft);font-size:.86rem;border-bottom:2px solid var(--line)}
tbody th{font-weight:600}
tbody tr:last-child>*{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.drives .wide{width:34%}
.drives td,.drives tbody th{min-width:8rem}
.drives code{font-size:.78rem}
.counts{max-width:34rem}
.bar{display:block;border-radius:6px;margin:.35rem 0}
.part-rest{fill:var(--rest)}
.part-data{fill:var(--accent)}
.part-good{fill:var(--good)}
.part-bad{fill:var(--bad)}
.part-warning{fill:var(--warning)}
.names{margin:.25rem 0;padding-left:1.25rem}
.slip-head{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:0 1rem;border-bottom:3px solid var(--ink);margin:0 0 1rem}
.slip-head h2{font-size:1.5rem;margin:0}
.slip-head p{color:var(--soft)}
.slip-label{display:block;color:var(--soft);font-size:.86rem;font-weight:400}
.slip-job{font-size:1.6rem;font-weight:700;line-height:1.3}
.addresses{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:1rem}
.addresses>div{border:1px solid var(--line);border-radius:8px;padding:.75rem 1rem}
.addresses h3{color:var(--soft);font-size:.86rem;margin:0 0 .25rem}
address{font-style:normal;font-weight:600}
.tracking,.serial{font-family:ui-monospace,SFMono-Regular,Consolas,"DejaVu Sans Mono",monospace}
.slip-drives{margin-top:1.25rem}
.slip-drives .serial{font-size:1.1rem}
.box{display:inline-block;width:1.1rem;height:1.1rem;border:2px solid var(--soft);border-radius:3px}
.blank{display:inline-block;min-width:9rem;min-height:1.2rem;border-bottom:1px solid var(--soft)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.rules{margin:1rem 0;padding-left:1.25rem;color:var(--soft);font-size:.92rem}
.sign{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin-top:1.5rem}
.sign .blank{min-width:12rem}
@media (max-width:40rem){
.track{grid-template-columns:1fr}
.track li{border-top:0;border-left:6px solid var(--rest);padding:.3rem .75rem;display:flex;justify-content:space-between;gap:1rem}
.dates li{grid-template-columns:1fr}
header,section{padding:1rem}
.drives,.findings{min-width:36rem}
.slip-drives .serial{font-size:.95rem}
}
`;

const toneStyle = tones
  .map(
    (tone) =>
      `.badge.${tone},.notice.${tone}{color:var(--${tone});background:var(--${tone}-ground);border-color:var(--${tone})}\n`,
  )
  .join("");

// Printed black on white whatever the screen shows; signs and words carry what colour carries on the screen.
const print = `
@page{size:A4;margin:15mm}
@media print{
:root{${properties("light")}--ground:#ffffff;color-scheme:light}
body{font-size:10.5pt}
main{max-width:none;padding:0}
header,section{border:0;border-radius:0;padding:0;margin:0 0 1.25rem}
h2,h3,caption,thead{break-after:avoid}
.dates li{grid-template-columns:14rem 1fr;padding:.2rem 0 .2rem 1.25rem}
.dates li::before{top:.5rem}
th,td{padding:.35rem .7rem .35rem 0}
tr,li,.counts,.slip-drives,.notice,.addresses>div,.facts>div{break-inside:avoid}
.badge,.notice,.dates li::before,.track li{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.scroll{overflow:visible}
.slip{break-before:page}
.slip-job{font-size:20pt}
}
`;

/** The whole style sheet. */
export const reportStyle: string = `:root{color-scheme:light dark;${properties("light")}}
@media (prefers-color-scheme:dark){:root{${properties("dark")}}}
${layout}${toneStyle}${print}`;
