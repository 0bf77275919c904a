// Text from people reaches the page through textContent alone.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".words")
  root.style.setProperty("--colour-for", data.colours.for)
  root.style.setProperty("--colour-against", data.colours.against)

  const drawn = data.pieces.map((piece) => {
    const span = document.createElement("span")
    span.textContent = piece.text
    if (piece.shade > 0) span.classList.add("for")
    if (piece.shade < 0) span.classList.add("against")
    if (piece.mark === "unread" || piece.mark === "cut") span.classList.add(piece.mark)
    span.style.setProperty("--strength", Math.abs(piece.shade))
    if (piece.title) span.setAttribute("title", piece.title)
    if (data.clickable && piece.word >= 0 && piece.mark !== "cut") {
      const choose = () => setTriggerValue("clicked", piece.word)
      span.classList.add("word")
      span.onclick = choose
      if (piece.shade !== 0) {
        span.tabIndex = 0
        span.setAttribute("role", "button")
        span.onkeydown = (event) => {
          if (event.key === "Enter" || event.key === " ") {
            event.preventDefault()
            choose()
          }
        }
      }
    }
    return span
  })
  root.replaceChildren(...drawn)
}
