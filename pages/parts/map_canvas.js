// Points are copies of one small picture a group: 100,000 of them are drawn in some hundredths of a second.
// Names from people reach the page through textContent alone.
const CORNERS = 200 // of a loop that is sent
const HEIGHT = 540
const NEAR = 6 // pixels around a click
const STEP = 60 // pixels that an arrow key moves the map
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }
const kept = new WeakMap() // element -> its map

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const root = parentElement.querySelector(".map")
  const known = kept.get(root)
  if (known && known.places === data.places && known.numbers === data.numbers) {
    known.draw() // another theme, or the same points again
    return
  }
  known?.stop()
  kept.set(root, open(root, data, (loop) => setStateValue("loop", loop)))
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer
}

function open(root, data, send) {
  const canvas = root.querySelector(".points")
  const places = new Uint16Array(bytes(data.places))
  const numbers = new Uint8Array(bytes(data.numbers))
  const view = { x: 0, y: 0, zoom: 1 } // the middle of the canvas, in places of -1..1
  const hidden = new Set()
  const pictures = data.looks.map(picture)
  let mode = "loop"
  let loop = [] // corners in places of -1..1
  let waiting = false
  canvas.setAttribute("aria-label", `${data.alt}. Arrow keys move it, plus and minus zoom.`)

  const scale = () => (Math.min(canvas.clientWidth, HEIGHT) / 2 - 12) * view.zoom
  const stretch = () => Math.max(1, Math.min(1.8, canvas.clientWidth / HEIGHT)) // use a wide page
  const across = (x) => canvas.clientWidth / 2 + (x - view.x) * scale() * stretch()
  const down = (y) => HEIGHT / 2 - (y - view.y) * scale()
  const place = (event) => {
    const box = canvas.getBoundingClientRect()
    return at(event.clientX - box.left, event.clientY - box.top)
  }
  const at = (left, top) => [
    (left - canvas.clientWidth / 2) / (scale() * stretch()) + view.x,
    (HEIGHT / 2 - top) / scale() + view.y,
  ]

  function paint() {
    waiting = false
    const ratio = window.devicePixelRatio || 1
    const width = canvas.clientWidth
    if (!width) return
    canvas.width = width * ratio
    canvas.height = HEIGHT * ratio
    const pen = canvas.getContext("2d")
    pen.scale(ratio, ratio)
    const wide = (scale() * stretch() * 2) / 65535
    const high = (scale() * 2) / 65535
    const left = across(-1)
    const bottom = down(-1)
    for (let point = 0; point < numbers.length; point++) {
      const number = numbers[point]
      if (hidden.has(number)) continue
      const x = left + places[2 * point] * wide
      const y = bottom - places[2 * point + 1] * high
      if (x < -8 || y < -8 || x > width + 8 || y > HEIGHT + 8) continue
      const drawn = pictures[number]
      pen.drawImage(drawn.image, x - drawn.half, y - drawn.half, 2 * drawn.half, 2 * drawn.half)
    }
    if (loop.length > 1) outline(pen)
  }

  function outline(pen) {
    pen.beginPath()
    loop.forEach(([x, y]) => pen.lineTo(across(x), down(y)))
    pen.closePath()
    pen.strokeStyle = getComputedStyle(root).color
    pen.lineWidth = 2
    pen.setLineDash([6, 4])
    pen.stroke()
  }

  function draw() {
    if (waiting) return
    waiting = true
    requestAnimationFrame(paint)
  }

  function give() {
    const step = Math.max(1, Math.ceil(loop.length / CORNERS))
    const corners = loop.filter((_, number) => number % step === 0)
    send(corners.length > 2 ? { corners, hidden: [...hidden] } : null)
    draw()
  }

  function around(left, top, right, bottom) {
    loop = [at(left, top), at(right, top), at(right, bottom), at(left, bottom)]
    give()
  }

  let held = null // where the pointer went down
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId)
    held = { x: event.clientX, y: event.clientY, view: { ...view } }
    if (mode === "loop") loop = [place(event)]
  }
  canvas.onpointermove = (event) => {
    if (!held) return
    if (mode === "loop") {
      loop.push(place(event))
    } else {
      view.x = held.view.x - (event.clientX - held.x) / (scale() * stretch())
      view.y = held.view.y + (event.clientY - held.y) / scale()
    }
    draw()
  }
  canvas.onpointerup = (event) => {
    if (!held) return
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y)
    held = null
    if (mode !== "loop") return
    if (loop.length > 3 || far > NEAR) return give()
    const box = canvas.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    around(x - NEAR, y - NEAR, x + NEAR, y + NEAR)
  }
  canvas.onpointercancel = () => (held = null)
  canvas.onwheel = (event) => {
    if (!event.ctrlKey && !event.metaKey) return // the page scrolls
    event.preventDefault()
    const [x, y] = place(event)
    const times = event.deltaY < 0 ? 1.25 : 0.8
    zoomBy(times)
    const [newX, newY] = place(event)
    view.x += x - newX
    view.y += y - newY
  }

  canvas.onkeydown = (event) => {
    const [right, up] = ARROWS[event.key] ?? [0, 0]
    view.x += (right * STEP) / (scale() * stretch())
    view.y += (up * STEP) / scale()
    if (event.key === "+") zoomBy(1.5)
    else if (event.key === "-") zoomBy(1 / 1.5)
    else if (event.key in ARROWS) draw()
    else return
    event.preventDefault()
  }

  function zoomBy(times) {
    view.zoom = Math.min(200, Math.max(0.5, view.zoom * times))
    draw()
  }

  function setMode(wanted) {
    mode = wanted
    canvas.classList.toggle("moving", mode === "move")
    for (const name of ["loop", "move"]) {
      root.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", name === mode)
    }
  }

  const deeds = {
    loop: () => setMode("loop"),
    move: () => setMode("move"),
    in: () => zoomBy(1.5),
    out: () => zoomBy(1 / 1.5),
    whole: () => {
      Object.assign(view, { x: 0, y: 0, zoom: 1 })
      draw()
    },
    view: () => around(1, 1, canvas.clientWidth - 1, HEIGHT - 1),
    clear: () => {
      loop = []
      give()
    },
  }
  root.querySelector(".tools").onclick = (event) => deeds[event.target.closest("button")?.dataset.do]?.()

  const legend = root.querySelector(".legend")
  legend.replaceChildren(
    ...data.legend.map((number) => {
      const look = data.looks[number]
      const entry = document.createElement("button")
      entry.type = "button"
      entry.setAttribute("aria-pressed", "true")
      entry.title = "Show or hide"
      const sample = picture({ ...look, size: 9, opacity: 1 }).image
      sample.style.width = sample.style.height = "16px"
      const name = document.createElement("span")
      name.textContent = `${look.name} · ${look.count.toLocaleString("en")}`
      entry.append(sample, name)
      entry.onclick = () => {
        if (!hidden.delete(number)) hidden.add(number)
        entry.setAttribute("aria-pressed", !hidden.has(number))
        if (loop.length > 2) give()
        draw()
      }
      return entry
    }),
  )
  setMode("loop")
  const watcher = new ResizeObserver(draw)
  watcher.observe(canvas)
  draw()
  return { places: data.places, numbers: data.numbers, draw, stop: () => watcher.disconnect() }
}

function picture({ colour, sign, size, opacity }) {
  const ratio = 2 * (window.devicePixelRatio || 1)
  const half = size * 0.75 + 1
  const image = document.createElement("canvas")
  image.width = image.height = Math.ceil(2 * half * ratio)
  const pen = image.getContext("2d")
  pen.scale(image.width / (2 * half), image.width / (2 * half))
  pen.translate(half, half)
  pen.globalAlpha = opacity
  pen.fillStyle = pen.strokeStyle = colour
  pen.lineWidth = Math.max(1, size / 4)
  const r = size / 2
  pen.beginPath()
  if (sign.startsWith("circle")) pen.arc(0, 0, r, 0, 2 * Math.PI)
  if (sign === "square") pen.rect(-r, -r, 2 * r, 2 * r)
  if (sign === "diamond") corners(pen, [0, -1.3 * r], [1.3 * r, 0], [0, 1.3 * r], [-1.3 * r, 0])
  if (sign === "triangle-up") corners(pen, [0, -1.2 * r], [1.2 * r, r], [-1.2 * r, r])
  if (sign === "cross") strokes(pen, [-1.2 * r, 0, 1.2 * r, 0], [0, -1.2 * r, 0, 1.2 * r])
  if (sign === "x") strokes(pen, [-r, -r, r, r], [-r, r, r, -r])
  if (["circle-open", "cross", "x"].includes(sign)) pen.stroke()
  else pen.fill()
  return { image, half }
}

function corners(pen, ...places) {
  places.forEach(([x, y]) => pen.lineTo(x, y))
  pen.closePath()
}

function strokes(pen, ...lines) {
  for (const [x, y, toX, toY] of lines) {
    pen.moveTo(x, y)
    pen.lineTo(toX, toY)
  }
}
