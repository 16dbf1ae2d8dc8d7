// Requests for tiles of one source: given up when the view leaves them, made again when it comes back.
import TileState from "ol/TileState.js";
import { intersects } from "ol/extent.js";

const KEPT = 512; // tiles given up that OpenLayers may still hold: the size of its cache

export function createRequetes(source) {
  const running = new Map(); // address -> {tile, controller, again, insist}
  const left = new Map(); // address -> {tile, again}

  source.on("change:abandonnee", () => {
    for (const url of running.keys()) giveUp(url);
    left.clear();
  });

  function giveUp(url) {
    const { tile, controller, again } = running.get(url);
    running.delete(url);
    left.set(url, { tile, again });
    if (left.size > KEPT) left.delete(left.keys().next().value);
    controller.abort();
    if (tile.getState() !== TileState.ERROR) tile.onError(); // what OpenLayers counts as loading would hold its queue
  }

  return {
    /** The answer's bytes, or what `refus(status)` gives; null when the view left meanwhile. `insist`: wherever the view goes, for
     * the answer tells that the server is back. */
    async fetch(url, { tile, again, insist }, refus) {
      const controller = new AbortController();
      left.delete(url);
      running.set(url, { tile, controller, again, insist });
      try {
        const response = await fetch(url, { signal: controller.signal });
        return response.ok ? await response.arrayBuffer() : refus(response.status);
      } catch (error) {
        if (controller.signal.aborted) return null;
        throw error;
      } finally {
        if (!controller.signal.aborted) running.delete(url);
      }
    },
    /** Keep what this frame shows, or the one it is on its way to. */
    follow({ extent, nextExtent, viewState: { resolution, nextResolution } }) {
      if (running.size + left.size === 0) return;
      const level = (at) => source.getTileGrid().getZForResolution(at, source.zDirection);
      const shows = (tile, box, at) => level(at) === tile.tileCoord[0] && intersects(box, tile.extent);
      const wanted = ({ tile }) => shows(tile, extent, resolution) || (nextExtent && shows(tile, nextExtent, nextResolution));
      for (const [url, each] of running) if (!each.insist && !wanted(each)) giveUp(url);
      for (const each of [...left.values()]) if (wanted(each)) each.again(false);
    },
  };
}
