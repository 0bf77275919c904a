// Text from people reaches the page through textContent and input values alone.
const DOUBLE = 230 // milliseconds in which a second click makes a double click
const shown = new WeakMap() // element -> the data it shows
const waiting = new WeakMap() // element -> the click that may become a double click

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".edit")
  const send = (number, text) =>
    setTriggerValue("edited", { piece: number, was: data.pieces[number]?.text ?? "", text })

  root.onclick = (event) => {
    const target = event.target
    const number = Number(target.dataset?.piece)
    if (target.dataset?.piece === undefined) return
    if (!target.classList.contains("word")) return ask(target, number, "", send)
    clearTimeout(waiting.get(root))
    waiting.set(root, setTimeout(() => send(number, null), DOUBLE))
  }
  root.ondblclick = (event) => {
    if (!event.target.classList.contains("word")) return
    clearTimeout(waiting.get(root))
    ask(event.target, Number(event.target.dataset.piece), event.target.textContent, send)
  }
  root.onkeydown = (event) => {
    const target = event.target
    if (!target.classList.contains("word")) return
    if (event.key === "F2") ask(target, Number(target.dataset.piece), target.textContent, send)
    else if (event.key === "Enter" || event.key === " ") send(Number(target.dataset.piece), null)
    else return
    event.preventDefault()
  }

  const state = JSON.stringify(data.pieces)
  if (shown.get(root) === state) return
  const held = shown.has(root) ? placeOf(parentElement.activeElement) : undefined
  shown.set(root, state)
  const words = document.createElement("span")
  words.className = "words"
  words.append(...data.pieces.map(drawn))
  root.replaceChildren(words, more(data.pieces.length))
  // The keyboard goes on from the word that it changed.
  if (held !== undefined) root.querySelector(held)?.focus()
}

function placeOf(element) {
  if (element?.classList.contains("more")) return ".more"
  const number = element?.dataset?.piece
  return number === undefined ? undefined : `[data-piece="${Number(number)}"]`
}

function drawn(piece, number) {
  const span = document.createElement("span")
  span.textContent = piece.text
  span.dataset.piece = number
  if (piece.state === "gap") {
    span.classList.add("gap")
    span.title = "Click to add words here"
    return span
  }
  span.classList.add("word", piece.state)
  span.tabIndex = 0
  span.setAttribute("role", "button")
  span.setAttribute("aria-pressed", piece.state === "dropped")
  const click = piece.state === "dropped" ? "Click to bring it back" : "Click to drop it"
  span.title = `${click}, double click (F2) to replace it`
  return span
}

function more(number) {
  const button = document.createElement("button")
  button.className = "more"
  button.textContent = "+ add words"
  button.dataset.piece = number
  return button
}

// A field in place of the word; Enter or leaving it sends what it holds, Escape does not.
function ask(target, number, text, send) {
  const field = document.createElement("input")
  field.value = text
  field.size = Math.min(40, Math.max(8, text.length + 2))
  field.maxLength = 2000
  field.setAttribute("aria-label", "New words")
  let open = true
  const close = (keep, byKey = false) => {
    if (!open) return
    open = false
    field.replaceWith(target)
    if (byKey) target.focus()
    if (keep && field.value.trim() !== text.trim()) send(number, field.value)
  }
  field.onkeydown = (event) => {
    event.stopPropagation()
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return
    event.preventDefault() // else the button that gets the focus is pressed by the same key
    close(event.key === "Enter", true)
  }
  field.onblur = () => close(true)
  field.onclick = (event) => event.stopPropagation()
  target.replaceWith(field)
  field.focus()
  field.select()
}
