const UNSEEN = 250;

/**
 * A function that calls `draw` once before the next frame, however often it is called until then. In a hidden page, which has no
 * frames, `draw` is called a little later.
 * @param {() => void} draw
 */
export function framed(draw) {
  let asked = false;
  const run = () => {
    asked = false;
    draw();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.hidden) setTimeout(run, UNSEEN);
    else requestAnimationFrame(run);
  };
}
