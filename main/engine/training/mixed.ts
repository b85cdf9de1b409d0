import type { SliceSource } from './sliceSource';

/**
 * Two sets as one in which each has half of the images: the smaller one's come again and again. Even numbers are the
 * first's, odd ones the second's.
 */
export function halfEach(first: SliceSource, second: SliceSource): SliceSource {
  const { height, width, channels } = first;
  if (second.height !== height || second.width !== width || second.channels !== channels)
    throw new Error('the sets differ in shape');
  const size = height * width * channels;
  return {
    count: 2 * Math.max(first.count, second.count),
    height,
    width,
    channels,
    read(indices) {
      const out = new Float32Array(indices.length * size);
      indices.forEach((index, i) => {
        const from = index % 2 === 0 ? first : second;
        out.set(from.read([Math.floor(index / 2) % from.count]), i * size);
      });
      return out;
    },
  };
}
