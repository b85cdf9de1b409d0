import fs from 'node:fs';
import path from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import png2icons from 'png2icons';
import { root } from './paths.mjs';
import { runAsScript } from './processes.mjs';

const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
const largest = `icons/${sizes.at(-1)}x${sizes.at(-1)}.png`;

/**
 * The icons of every system, drawn from resources/icon.svg: PNG for Linux, ICO for Windows, ICNS for macOS.
 *
 * @returns {Map<string, Buffer>} by their names in resources/
 */
export function drawIcons() {
  const svg = fs.readFileSync(path.join(root, 'resources', 'icon.svg'));
  /** @type {Map<string, Buffer>} */
  const icons = new Map();
  for (const size of sizes) {
    const drawn = new Resvg(svg, { fitTo: { mode: 'width', value: size }, font: { loadSystemFonts: false } });
    icons.set(`icons/${size}x${size}.png`, drawn.render().asPng());
  }
  const big = /** @type {Buffer} */ (icons.get(largest));
  const ico = png2icons.createICO(big, png2icons.BICUBIC2, 0, true, true);
  const icns = png2icons.createICNS(big, png2icons.BICUBIC2, 0);
  if (!ico || !icns) throw new Error('the icons of Windows and macOS could not be made');
  return icons.set('icon.ico', ico).set('icon.icns', icns);
}

/** `node scripts/icons.mjs`: writes them; they are part of the repository, so that a build needs none of this. */
await runAsScript(import.meta.url, () => {
  for (const [name, bytes] of drawIcons()) fs.writeFileSync(path.join(root, 'resources', name), bytes);
});
