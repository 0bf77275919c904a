// Text from people reaches the page through textContent alone.
const shown = new WeakMap() // element -> the data it shows

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".words")

  const choose = (event) => {
    const word = event.target.dataset?.word
    if (word !== undefined) setTriggerValue("clicked", Number(word))
  }
  root.onclick = choose
  root.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return
    event.preventDefault()
    choose(event)
  }

  // A change of theme runs this again; drawing the same words anew would take the focus from the keyboard.
  const state = JSON.stringify(data)
  if (shown.get(root) === state) return
  shown.set(root, state)
  root.classList.toggle("faded", data.faded)
  root.style.setProperty("--colour-for", data.colours.for)
  root.style.setProperty("--colour-against", data.colours.against)
  const held = root.getRootNode().activeElement?.dataset?.word
  root.replaceChildren(...data.pieces.map((piece) => drawn(piece, data)))
  if (held !== undefined) root.querySelector(`[tabindex][data-word="${held}"]`)?.focus({ preventScroll: true })
}

function drawn(piece, { clickable, chosen }) {
  const span = document.createElement("span")
  span.textContent = piece.text
  if (piece.shade > 0) span.classList.add("for")
  if (piece.shade < 0) span.classList.add("against")
  if (piece.mark === "unread" || piece.mark === "cut") span.classList.add(piece.mark)
  span.style.setProperty("--strength", Math.abs(piece.shade))
  if (piece.title) span.setAttribute("title", piece.title)
  if (clickable && piece.word >= 0 && piece.mark !== "cut") {
    span.classList.add("word")
    span.dataset.word = piece.word
    if (piece.shade !== 0) {
      span.tabIndex = 0
      span.setAttribute("role", "button")
      span.setAttribute("aria-pressed", piece.word === chosen)
    }
    if (piece.word === chosen) span.classList.add("chosen")
  }
  return span
}
