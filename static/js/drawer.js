// The lists beside the room, which are drawers where there is no space for them. Without a script the address opens them.
const SWIPE = 60;
let opener = null;
let covered = null;

const opened = () => document.querySelector("[data-opened]");

function open(id, from) {
  const drawer = document.getElementById(id);
  opener = from;
  drawer.setAttribute("data-opened", "");
  covered = document.getElementById("room");
  covered.inert = true;
  drawer.querySelector("[data-close]")?.focus();
}

/** Close the drawer that is open, if one is. */
export function close() {
  const drawer = opened();
  if (!drawer) return;
  drawer.removeAttribute("data-opened");
  covered.inert = false;
  opener?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-open], [data-close]");
  if (!link) return;
  event.preventDefault();
  if (link.dataset.open) open(link.dataset.open, link);
  else close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});

// In a window that has become wide enough, the list stands beside the room again.
window.addEventListener("resize", () => {
  const drawer = opened();
  if (drawer && getComputedStyle(drawer).position !== "fixed") close();
});

let start = null;
document.addEventListener(
  "touchstart",
  ({ touches }) => {
    start = opened() && touches[0];
  },
  { passive: true },
);
document.addEventListener(
  "touchend",
  ({ changedTouches: [end] }) => {
    const drawer = start && opened();
    if (!drawer) return;
    const outwards = (drawer.id === "sidebar" ? -1 : 1) * (end.clientX - start.clientX);
    if (outwards > SWIPE && outwards > 2 * Math.abs(end.clientY - start.clientY)) close();
  },
  { passive: true },
);
