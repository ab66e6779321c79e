// Pointing at a text that is cut short shows all of it.
document.addEventListener("pointerover", ({ target }) => {
  for (const element of [target, target.parentElement]) {
    if (!element || getComputedStyle(element).textOverflow !== "ellipsis") continue;
    if (element.scrollWidth > element.clientWidth) element.title = element.textContent.trim();
    else element.removeAttribute("title");
  }
});
