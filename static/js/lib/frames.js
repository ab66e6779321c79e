const UNSEEN = 250;

/**
 * A function that has `draw` called once before the next frame, however often it is called until then. Where nobody looks, and there
 * are no frames, it is called some time later.
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
