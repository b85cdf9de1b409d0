import type { Contrast } from '../imaging/contrasts';
import { robustReach } from '../imaging/normalisation';
import { erode } from '../imaging/morphology';
import type { Random } from '../random';
import type { PastedLesionSettings } from '../study/trainingSettings';
import { fillHoles } from './components';
import { wave, waveSum, type Wave } from './waves';

/** An image to paste into: values in [0, 1] by robust z (see findRobustNormalisation), 0 outside the brain. */
export interface PasteImage {
  /** [height, width, channels]: the slice, its neighbours at each of `offsets`, then the other contrasts. Not changed. */
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
  /** Where each channel's slice lies above the image's own, in mm: 0 first. */
  readonly offsetsMm: readonly number[];
  /** The other contrasts of the slice, in their order; none unless given. */
  readonly contrasts?: readonly Contrast[];
  /** Side of a pixel. */
  readonly pixelMm: number;
}

export interface PastedImage {
  /** As the image, with the lesions. A new array. */
  readonly values: Float32Array;
  /** [height, width]: 1 where the slice itself was made clearly brighter, and is bright. */
  readonly mask: Uint8Array;
  /** How many were pasted; some may lie beside the slice itself. */
  readonly count: number;
}

/** A level of robust z as a value of an image. */
const level = (z: number): number => 0.5 + z / (2 * robustReach);
/** A difference of robust z as one of values. */
const step = (z: number): number => z / (2 * robustReach);

/** What counts as tissue, neither CSF nor what is bright already; CSF beside a lesion starts below the third. */
const TISSUE = { low: level(-1.2), high: level(1.6), csf: level(-1.5) } as const;
/** Lesions keep this far from the edge of the brain, where skull-stripping leaves bright borders. */
const EDGE_MM = 4;
/** So deep in the brain, dark CSF is a ventricle's and not a sulcus'. */
const DEEP_MM = 11;
/** CSF this near makes a place one beside a ventricle. */
const BESIDE_MM = 2.7;
/** Share of lesions that lie beside the ventricles, where MS likes to be, if there is such a place. */
const PERIVENTRICULAR = 0.35;
/**
 * In T2 a lesion is as bright as in FLAIR, between tissue and CSF; in T1 it is anything from invisible to a black hole, darker
 * than grey matter. In deviations by quartiles (see findQuartileNormalisation); drawn apart from the FLAIR's level, because
 * the three differ from lesion to lesion.
 */
const T2_LEVEL = [0.5, 3] as const;
const T1_DROP = [0, 1.5] as const;
/** What is in the brain stays above its outside. */
const DARKEST = 1e-3;
/** Fewer places than this are no brain. */
const FEWEST_PLACES = 20;
/** A voxel is lesion where it became brighter by this, and is brighter than that, in robust z. */
const MASK = { gain: 0.5, level: 1 } as const;

function channelsIn({ offsetsMm, contrasts = [] }: Pick<PasteImage, 'offsetsMm' | 'contrasts'>): number {
  return offsetsMm.length + contrasts.length;
}

/**
 * Pastes lesions of known shape into a healthy slice and its neighbours: THEY ARE MADE UP. A network that is asked to
 * find them, and to give the slice back without them, learns what an anomaly looks like from healthy people alone.
 *
 * Each is a warped ellipsoid across the slices with a soft edge, brighter than the tissue around it, with a little
 * texture; never over CSF (a lesion beside a ventricle ends at its wall) and never darker than the tissue was. The same
 * random state gives the same lesions.
 */
export function pasteLesions(image: PasteImage, settings: PastedLesionSettings, random: Random): PastedImage {
  const { height, width } = image;
  const channels = channelsIn(image);
  if (image.values.length !== height * width * channels) throw new Error('the values do not fill the image');
  const values = image.values.slice();
  const mask = new Uint8Array(height * width);
  const brain = brainOf(image);
  const places = findPlaces(image, brain);
  if (places.all.length < FEWEST_PLACES) return { values, mask, count: 0 };
  const count = random.integer(settings.most + 1);
  for (let k = 0; k < count; k += 1) {
    const beside = random.next() < PERIVENTRICULAR && places.periventricular.length > FEWEST_PLACES;
    const pool = beside ? places.periventricular : places.all;
    paint(image, brain, values, draw(pool[random.integer(pool.length)] as number, image, settings, random));
  }
  for (let i = 0; i < mask.length; i += 1) {
    const after = values[i * channels] as number;
    const gained = after - (image.values[i * channels] as number);
    mask[i] = gained > step(MASK.gain) && after > level(MASK.level) ? 1 : 0;
  }
  return { values, mask, count };
}

/** The slice's brain, with the CSF in it that is as dark as the background. */
function brainOf(image: PasteImage): Uint8Array {
  const { values, height, width } = image;
  const channels = channelsIn(image);
  const shown = new Uint8Array(height * width);
  for (let i = 0; i < shown.length; i += 1) shown[i] = (values[i * channels] as number) > 0 ? 1 : 0;
  return fillHoles(shown, [width, height, 1], 2);
}

/** Pixels that a lesion may be centred on. */
function findPlaces(image: PasteImage, brain: Uint8Array): { all: number[]; periventricular: number[] } {
  const { values, height, width, pixelMm } = image;
  const dims = [width, height, 1] as const;
  const edge = Math.round(EDGE_MM / pixelMm);
  const inner = erode(brain, dims, edge);
  const deep = erode(inner, dims, Math.round(DEEP_MM / pixelMm) - edge);
  const beside = Math.max(1, Math.round(BESIDE_MM / pixelMm));
  const margin = beside + 1;
  const channels = channelsIn(image);
  const all: number[] = [];
  const periventricular: number[] = [];
  const means = new Float32Array(height * width);
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      let sum = 0;
      for (let dy = -1; dy <= 1; dy += 1)
        for (let dx = -1; dx <= 1; dx += 1) sum += values[((y + dy) * width + x + dx) * channels] as number;
      means[y * width + x] = sum / 9;
    }
  }
  for (let y = margin; y < height - margin; y += 1) {
    for (let x = margin; x < width - margin; x += 1) {
      const i = y * width + x;
      const mean = means[i] as number;
      if (inner[i] === 0 || mean <= TISSUE.low || mean >= TISSUE.high) continue;
      all.push(i);
      if (deep[i] !== 0 && darkestAround(means, i, width, beside) < TISSUE.csf) periventricular.push(i);
    }
  }
  return { all, periventricular };
}

function darkestAround(means: Float32Array, at: number, width: number, reach: number): number {
  let darkest = Infinity;
  for (let dy = -reach; dy <= reach; dy += 1)
    for (let dx = -reach; dx <= reach; dx += 1)
      darkest = Math.min(darkest, means[at + dy * width + dx] as number);
  return darkest;
}

/** A lesion; lengths in pixels, also across the slices. */
interface Lesion {
  readonly x: number;
  readonly y: number;
  /** How far its middle lies above the slice. */
  readonly above: number;
  /** Half axes: two within the slice, turned by the angle, and one across. */
  readonly radii: readonly [number, number, number];
  readonly angle: number;
  readonly level: number;
  /** Level of its core in T2, and how much darker than the tissue it is in T1; as values. */
  readonly t2Level: number;
  readonly t1Drop: number;
  /** How much of the tissue it replaces. */
  readonly opacity: number;
  /** Width of its edge as a share of its radius. */
  readonly softness: number;
  readonly warp: number;
  readonly bends: readonly Wave[];
  readonly texture: readonly Wave[];
}

/** Sum of so many waves has a deviation of the square root of half of them. */
const WAVES = 4;
const WAVE_DEVIATION = Math.sqrt(WAVES / 2);
/** Ripples of a lesion's surface: from about its own size to several times that. */
const BEND_LENGTHS_MM = [12, 26, 42] as const;
const TEXTURE = { lengthMm: 12, z: 0.12 } as const;
/** Lesions of more than this radius may have long ripples. */
const LARGE_MM = 3.4;

function draw(place: number, image: PasteImage, settings: PastedLesionSettings, random: Random): Lesion {
  const [low, high] = settings.radiusMm;
  const radius = Math.exp(random.uniform(Math.log(low), Math.log(high))) / image.pixelMm;
  const stretch = Math.exp(random.uniform(-0.5, 0.5));
  // Half of the distance to a neighbour, so that the smallest lesion still fades into it.
  const nearest = Math.min(...image.offsetsMm.filter((mm) => mm !== 0).map(Math.abs), Infinity);
  const least = Number.isFinite(nearest) ? (0.9 * nearest) / image.pixelMm : 0;
  const across = Math.max(radius * random.uniform(0.7, 2), least);
  const hasContrasts = (image.contrasts ?? []).length > 0;
  const isLarge = radius * image.pixelMm > LARGE_MM;
  const bendMm = isLarge
    ? (BEND_LENGTHS_MM[random.integer(BEND_LENGTHS_MM.length)] as number)
    : BEND_LENGTHS_MM[0];
  return {
    x: place % image.width,
    y: Math.floor(place / image.width),
    above: random.uniform(-0.6, 0.6) * across,
    radii: [radius * stretch, radius / stretch, across],
    angle: random.uniform(0, Math.PI),
    level: level(random.uniform(...settings.level)),
    t2Level: level(hasContrasts ? random.uniform(...T2_LEVEL) : 0),
    t1Drop: step(hasContrasts ? random.uniform(...T1_DROP) : 0),
    opacity: random.uniform(0.75, 1),
    softness: random.uniform(0.12, 0.3),
    warp: random.uniform(0.1, 0.5) / WAVE_DEVIATION,
    bends: Array.from({ length: WAVES }, () => wave(random, bendMm / image.pixelMm)),
    texture: Array.from({ length: WAVES }, () => wave(random, TEXTURE.lengthMm / image.pixelMm)),
  };
}

/** Beyond so many widths of the edge less than a thousandth of the lesion is left. */
const NEGLIGIBLE = 6.9;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Blends a lesion into the values of all channels. */
function paint(image: PasteImage, brain: Uint8Array, values: Float32Array, lesion: Lesion): void {
  const { height, width, offsetsMm, contrasts = [], pixelMm } = image;
  const channels = channelsIn(image);
  const [cos, sin] = [Math.cos(lesion.angle), Math.sin(lesion.angle)];
  const reach = Math.ceil(2.2 * Math.max(lesion.radii[0], lesion.radii[1])) + 3;
  for (let y = Math.max(0, lesion.y - reach); y <= Math.min(height - 1, lesion.y + reach); y += 1) {
    for (let x = Math.max(0, lesion.x - reach); x <= Math.min(width - 1, lesion.x + reach); x += 1) {
      const i = y * width + x;
      if (brain[i] === 0) continue;
      const [dx, dy] = [x - lesion.x, y - lesion.y];
      const along = (dy * cos + dx * sin) / lesion.radii[0];
      const aside = (dx * cos - dy * sin) / lesion.radii[1];
      // CSF is left as it is: the weight falls over about half a robust deviation.
      const isTissue = (c: number): number =>
        sigmoid(((image.values[i * channels + c] as number) - level(-1.3)) / step(0.4));
      for (let c = 0; c < channels; c += 1) {
        // Other contrasts show the slice itself, and its FLAIR says what is CSF.
        const contrast = contrasts[c - offsetsMm.length];
        const shown = contrast === undefined ? c : 0;
        const dz = (offsetsMm[shown] as number) / pixelMm - lesion.above;
        const offset = [dx, dy, dz] as const;
        const straight = Math.hypot(along, aside, dz / lesion.radii[2]);
        // Too far even where the surface bends out most; this spares most of the waves.
        if (straight - lesion.warp * WAVES > 1 + NEGLIGIBLE * lesion.softness) continue;
        const distance = straight + lesion.warp * waveSum(lesion.bends, offset);
        const inside = sigmoid((1 - distance) / lesion.softness);
        if (distance > 1 + NEGLIGIBLE * lesion.softness) continue;
        const at = i * channels + c;
        const weight = lesion.opacity * inside * isTissue(shown);
        const before = values[at] as number;
        const texture = (step(TEXTURE.z) / WAVE_DEVIATION) * waveSum(lesion.texture, offset);
        if (contrast === 'T1') {
          values[at] = Math.max(DARKEST, before - weight * lesion.t1Drop);
          continue;
        }
        const core = (contrast === 'T2' ? lesion.t2Level : lesion.level) + texture;
        values[at] = Math.min(1, before + weight * Math.max(core - before, 0));
      }
    }
  }
}
