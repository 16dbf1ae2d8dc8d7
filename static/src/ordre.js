// A list put in order by hand: an item is dragged by its handle, or moved by the arrows when the handle has the focus.

const EDGE = 48; // pixels from the edge of the scrolling box where a dragged item makes it scroll

const shownItems = (list) => [...list.children].filter((item) => !item.hidden);

/** `onOrder(ids from top to bottom, id moved)` when an item has found its place; items are `[data-couche]`, handles `.poignee`. */
export function initOrdre(list, scroller, { onOrder }) {
  let drag = null;

  const commit = (item) => onOrder(shownItems(list).map(({ dataset }) => dataset.couche), item.dataset.couche);

  /** The others pass the dragged item, never the reverse: taken off the page for a moment, it would lose the pointer. */
  function settle() {
    const items = shownItems(list);
    const at = items.indexOf(drag.item);
    const [before, after] = [items[at - 1], items[at + 1]];
    const middle = (item) => item.getBoundingClientRect().top + item.offsetHeight / 2;
    if (before && drag.y < middle(before)) drag.item.after(before);
    else if (after && drag.y > middle(after)) drag.item.before(after);
    else return;
    settle();
  }

  function follow() {
    if (!drag) return;
    const { top, bottom } = scroller.getBoundingClientRect();
    const speed = drag.y < top + EDGE ? -8 : drag.y > bottom - EDGE ? 8 : 0;
    if (speed) {
      scroller.scrollTop += speed;
      settle();
    }
    requestAnimationFrame(follow);
  }

  function end(kept) {
    const { item, started } = drag;
    item.classList.remove("tenue");
    drag = null;
    if (kept) return commit(item);
    list.prepend(...started);
    item.querySelector(".poignee").focus();
  }

  list.addEventListener("pointerdown", (event) => {
    const item = event.target.closest(".poignee")?.closest("li");
    if (!item || event.button !== 0) return;
    event.preventDefault(); // no selection of text
    item.querySelector(".poignee").focus({ preventScroll: true });
    drag = { item, y: event.clientY, pointer: event.pointerId, started: shownItems(list) };
    item.classList.add("tenue");
    requestAnimationFrame(follow);
  });
  document.addEventListener("pointermove", (event) => {
    if (drag?.pointer !== event.pointerId) return;
    drag.y = event.clientY;
    settle();
  });
  document.addEventListener("pointerup", (event) => drag?.pointer === event.pointerId && end(true));
  document.addEventListener("pointercancel", (event) => drag?.pointer === event.pointerId && end(false));
  list.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) {
      event.preventDefault();
      return end(false);
    }
    const item = event.target.closest(".poignee")?.closest("li");
    if (!item || drag || !["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const items = shownItems(list);
    const from = items.indexOf(item);
    const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: items.length - 1 }[event.key];
    items.splice(from, 1);
    items.splice(Math.min(items.length, Math.max(0, to)), 0, item);
    onOrder(items.map(({ dataset }) => dataset.couche), item.dataset.couche);
  });
}
