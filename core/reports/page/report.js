"use strict";
(function () {
  const PAPER_WIDTH = 640; // A4 and Letter inside their margins
  let paper = false;
  const narrow = matchMedia("(max-width: 640px)");
  const dark = matchMedia("screen and (prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  function dress(layout) {
    layout.font = Object.assign({}, layout.font, {color: colour("text")});
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis\d*$/.test(key)) {
        layout[key] = Object.assign({}, layout[key], {
          gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor: colour("muted"),
        });
      }
    }
    return layout;
  }

  // The brand blue is dim on a dark page; the accent of that page stands in for it.
  function recolour(part) {
    if (part && typeof part === "object" && !Array.isArray(part)) {
      if (part.color === colour("brand")) part.color = colour("accent");
      recolour(part.line);
      recolour(part.marker);
    }
  }

  function draw(plot) {
    const source = (narrow.matches && !paper && plot.querySelector(".narrow")) || plot.querySelector(".wide");
    const figure = JSON.parse(source.textContent);
    figure.data.forEach(recolour);
    let target = plot.querySelector(".drawing");
    if (!target) {
      target = document.createElement("div");
      target.className = "drawing";
      plot.append(target);
    }
    const layout = dress(figure.layout);
    if (paper) layout.width = PAPER_WIDTH;
    Plotly.react(target, figure.data, layout, {displayModeBar: false, responsive: !paper});
  }

  const drawAll = () => document.querySelectorAll(".plot").forEach(draw);
  drawAll();
  narrow.addEventListener("change", drawAll);
  dark.addEventListener("change", drawAll);
  // On paper: light colours and the width of the page; the tables a reader opened are printed too.
  addEventListener("beforeprint", () => { paper = true; drawAll(); });
  addEventListener("afterprint", () => { paper = false; drawAll(); });
})();
