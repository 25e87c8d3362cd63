"use strict";

/* Zooms, searches and walks through the frames. The picture is complete without it. */
(function () {
  const picture = document.currentScript.closest("svg");
  const detail = picture.querySelector(".detail");
  const frames = [];
  const above = [];
  for (const element of picture.querySelectorAll(".frame")) {
    const depth = Number(element.getAttribute("aria-level")) - 1;
    const frame = {
      element: element,
      label: element.querySelector("text"),
      name: element.querySelector("text").textContent,
      title: element.querySelector("title").textContent,
      left: parseFloat(element.getAttribute("x")) / 100,
      width: parseFloat(element.getAttribute("width")) / 100,
      depth: depth,
      parent: depth > 0 ? above[depth - 1] : null,
      children: [],
      hit: false,
    };
    if (frame.parent) {
      frame.parent.children.push(frame);
    }
    above[depth] = frame;
    frames.push(frame);
  }
  const root = frames[0];
  let zoomed = root;
  const byElement = new Map(frames.map((frame) => [frame.element, frame]));

  function holds(outer, inner) {
    while (inner && inner !== outer) {
      inner = inner.parent;
    }
    return inner === outer;
  }

  function letterWidth() {
    const probe = root.label;
    const kept = probe.textContent;
    probe.textContent = "MMMMMMMMMM";
    const width = probe.getComputedTextLength() / 10;
    probe.textContent = kept;
    return width || 7.3;
  }

  function fit(frame, room, letter) {
    const fits = Math.floor((room - 6) / letter);
    let text = frame.name;
    if (text.length > fits) {
      text = fits < 3 ? "" : text.slice(0, fits - 1) + "\u2026";
    }
    frame.label.textContent = text;
  }

  function draw() {
    const room = picture.getBoundingClientRect().width;
    const letter = letterWidth();
    for (const frame of frames) {
      const outer = frame !== zoomed && holds(frame, zoomed);
      const inner = !outer && holds(zoomed, frame);
      frame.element.classList.toggle("gone", !outer && !inner);
      frame.element.classList.toggle("faded", outer);
      if (outer || inner) {
        const left = outer ? 0 : (frame.left - zoomed.left) / zoomed.width;
        const width = outer ? 1 : frame.width / zoomed.width;
        frame.element.setAttribute("x", (left * 100).toFixed(4) + "%");
        frame.element.setAttribute("width", (width * 100).toFixed(4) + "%");
        fit(frame, width * room, letter);
      }
    }
  }

  function zoom(frame) {
    zoomed = frame;
    draw();
    reset.disabled = zoomed === root;
  }

  function show(frame) {
    detail.textContent = frame ? frame.title : found();
  }

  function focus(frame) {
    if (frame && !frame.element.classList.contains("gone")) {
      frame.element.focus();
    }
  }

  function beside(frame, step) {
    const row = frame.parent ? frame.parent.children : [frame];
    return row[row.indexOf(frame) + step];
  }

  /* What stands below a frame that matches is in its share already. */
  function found() {
    if (!search.value) {
      return "";
    }
    let share = 0;
    let count = 0;
    for (const frame of frames) {
      count += frame.hit ? 1 : 0;
      let outer = frame.parent;
      while (outer && !outer.hit) {
        outer = outer.parent;
      }
      share += frame.hit && !outer ? frame.width : 0;
    }
    return count + (count === 1 ? " frame matches, " : " frames match, ") + (share * 100).toFixed(1) + " %";
  }

  function look() {
    const wanted = search.value.toLowerCase();
    for (const frame of frames) {
      frame.hit = wanted !== "" && frame !== root && frame.name.toLowerCase().includes(wanted);
      frame.element.classList.toggle("hit", frame.hit);
    }
    show(null);
  }

  const keys = {
    ArrowDown: (frame) => focus(frame.children[0]),
    ArrowUp: (frame) => focus(frame.parent),
    ArrowLeft: (frame) => focus(beside(frame, -1)),
    ArrowRight: (frame) => focus(beside(frame, 1)),
    Enter: zoom,
    " ": zoom,
    Escape: () => zoom(root),
  };

  function frameOf(event) {
    const element = event.target.closest ? event.target.closest(".frame") : null;
    return element ? byElement.get(element) : null;
  }

  const html = "http://www.w3.org/1999/xhtml";
  const holder = picture.querySelector(".holder");
  const tools = document.createElementNS(html, "div");
  const search = document.createElementNS(html, "input");
  const reset = document.createElementNS(html, "button");
  tools.className = "tools";
  search.type = "search";
  search.placeholder = "Find a function";
  search.setAttribute("aria-label", "Find a function");
  reset.textContent = "Show all";
  reset.disabled = true;
  tools.append(search, reset);
  holder.append(tools);

  search.addEventListener("input", look);
  reset.addEventListener("click", () => zoom(root));
  picture.addEventListener("click", (event) => {
    const frame = frameOf(event);
    if (frame) {
      zoom(frame);
    }
  });
  picture.addEventListener("keydown", (event) => {
    const frame = frameOf(event);
    if (frame && keys[event.key]) {
      event.preventDefault();
      keys[event.key](frame);
    }
  });
  picture.addEventListener("mouseover", (event) => show(frameOf(event)));
  picture.addEventListener("focusin", (event) => {
    const frame = frameOf(event);
    if (frame) {
      for (const other of frames) {
        other.element.setAttribute("tabindex", other === frame ? "0" : "-1");
      }
      show(frame);
    }
  });
  window.addEventListener("resize", draw);
  draw();
})();
