// Text from people reaches the page through textContent alone.
const LABELLED = 12 // pixels of a cell from which on a name can be read beside it
const LARGEST = 28 // pixels of a cell
const TALLEST = 560 // pixels of the map before it scrolls
const SMALL = 40 // tokens whose names always fit
const shown = new WeakMap() // element -> what it shows

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".looked")
  const code = JSON.stringify(data)
  const before = shown.get(root)
  const state = before?.code === code ? before : fresh(root, data, code, before)
  state.choose = (word) => setTriggerValue("word", word)
  paint(state) // a change of theme comes here with the same data
  if (state === before) return
  shown.set(root, state)
  drawWords(state)
  fillMap(state)
  listen(state)
}

function fresh(root, data, code, before) {
  before?.watch.disconnect()
  const bytes = Uint8Array.from(atob(data.cells), (letter) => letter.charCodeAt(0))
  const same = before?.data.names.length === data.names.length
  const find = (name) => root.querySelector(`.${name}`)
  const zoom = same ? before.zoom : 0
  const state = { root, data, code, bytes, find, count: data.names.length, zoom, at: [0, 0] }
  state.watch = new ResizeObserver(() => state.zoom || state.width === root.clientWidth || size(state))
  return state
}

// ---- the comment ----

function drawWords(state) {
  const { data, find } = state
  const box = find("words")
  const focused = box.getRootNode().activeElement?.dataset?.word
  box.replaceChildren(...data.pieces.map((piece) => drawn(piece, data.chosen)))
  const words = [...box.querySelectorAll(".word")]
  const first = words.find((word) => Number(word.dataset.word) === data.chosen) ?? words[0]
  if (first) first.tabIndex = 0
  if (focused === undefined) return
  words.find((word) => word.dataset.word === focused)?.focus({ preventScroll: true })
}

function drawn(piece, chosen) {
  const span = document.createElement("span")
  span.textContent = piece.text
  if (piece.mark) span.classList.add(piece.mark)
  if (piece.word < 0 || piece.mark === "cut") return span
  span.classList.add("word")
  span.dataset.word = piece.word
  span.tabIndex = -1
  span.setAttribute("role", "button")
  span.setAttribute("aria-pressed", piece.word === chosen)
  span.setAttribute("title", piece.title)
  span.style.setProperty("--strength", piece.shade)
  return span
}

function listen(state) {
  const box = state.find("words")
  const pick = (word) => state.choose(word === state.data.chosen ? -1 : word)
  box.onclick = (event) => {
    if (event.target.dataset?.word !== undefined) pick(Number(event.target.dataset.word))
  }
  box.onkeydown = (event) => {
    const word = event.target.dataset?.word
    if (word === undefined) return
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (step) {
      const words = [...box.querySelectorAll(".word")]
      const next = words[words.indexOf(event.target) + step]
      if (next) {
        event.target.tabIndex = -1
        next.tabIndex = 0
        next.focus()
      }
    } else if (event.key === "Enter" || event.key === " ") pick(Number(word))
    else return
    event.preventDefault()
  }
  const map = state.find("map")
  map.onmousemove = (event) => point(state, ...cellAt(state, event))
  map.onclick = (event) => pickRow(state, pick, cellAt(state, event))
  map.onkeydown = (event) => {
    const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key]
    if (move) point(state, state.at[0] + move[0], state.at[1] + move[1], true)
    else if (event.key === "Enter" || event.key === " ") pickRow(state, pick, state.at)
    else return
    event.preventDefault()
  }
  state.find("closer").onclick = () => size(state, Math.min(LARGEST, state.cell * 1.6))
  state.find("wider").onclick = () => size(state, Math.max(fitting(state), state.cell / 1.6))
  state.find("fit").onclick = () => size(state)
  state.watch.observe(state.root)
}

function pickRow(state, pick, [row]) {
  const word = state.data.words[row]
  if (word >= 0) pick(word)
}

// ---- the map: one pixel a cell, made larger by the browser ----

function paint(state) {
  const { count, bytes } = state
  const canvas = state.root.querySelector("canvas")
  canvas.width = canvas.height = Math.max(1, count)
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.fillStyle = getComputedStyle(state.root).getPropertyValue("--st-primary-color")
  context.fillRect(0, 0, 1, 1)
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data
  const image = context.createImageData(canvas.width, canvas.height)
  for (let cell = 0; cell < count * count; cell++) image.data.set([red, green, blue, bytes[cell]], cell * 4)
  context.putImageData(image, 0, 0)
}

function fillMap(state) {
  const { data, find, count } = state
  find("matrix").hidden = count === 0
  for (const side of ["rows", "columns"]) {
    find(side).replaceChildren(
      ...data.names.map((name) => {
        const label = document.createElement("span")
        label.textContent = name
        label.dir = "auto"
        return label
      }),
    )
  }
  const first = data.chosen < 0 ? -1 : data.words.indexOf(data.chosen)
  state.band = first < 0 ? null : [first, data.words.lastIndexOf(data.chosen)]
  size(state, state.zoom)
  point(state, ...(state.band ? [state.band[0], 0] : [0, 0]))
}

/** Pixels of a cell at which the whole map can be seen. */
function fitting(state) {
  const wide = Math.min(state.root.clientWidth, TALLEST)
  const bare = wide / Math.max(1, state.count)
  if (state.count > SMALL && bare < LABELLED) return bare
  return Math.max(LABELLED + 2, Math.min(LARGEST, (wide - 100) / Math.max(1, state.count)))
}

function size(state, cell = 0) {
  const { root, find, count } = state
  state.width = root.clientWidth
  const fit = fitting(state)
  state.zoom = cell > fit ? cell : 0
  state.cell = Math.max(cell, fit)
  root.style.setProperty("--cell", `${state.cell}px`)
  root.style.setProperty("--count", count)
  root.classList.toggle("bare", state.cell < LABELLED)
  find("closer").disabled = state.cell >= LARGEST
  find("wider").disabled = find("fit").disabled = !state.zoom
  find("band").hidden = !state.band
  if (state.band) place(find("band"), state, state.band[0], state.band[1] - state.band[0] + 1)
}

function place(element, state, first, cells, side = "top") {
  element.style[side] = `${first * state.cell}px`
  element.style[side === "top" ? "height" : "width"] = `${cells * state.cell}px`
}

function cellAt(state, event) {
  const box = state.find("map").getBoundingClientRect()
  return [(event.clientY - box.top) / state.cell, (event.clientX - box.left) / state.cell].map(Math.floor)
}

function point(state, row, column, follow = false) {
  if (!(row >= 0 && column >= 0 && row < state.count && column < state.count)) return
  const { data, find } = state
  state.at = [row, column]
  place(find("row"), state, row, 1)
  place(find("column"), state, column, 1, "left")
  const share = data.top * (state.bytes[row * state.count + column] / 255) ** 2
  const percent = share >= 0.1 ? Math.round(share * 100) : (share * 100).toFixed(1)
  find("from").textContent = data.names[row]
  find("to").textContent = data.names[column]
  find("share").textContent = `${percent}%`
  if (follow) find("column").scrollIntoView({ block: "nearest", inline: "nearest" })
  if (follow) find("row").scrollIntoView({ block: "nearest", inline: "nearest" })
}
