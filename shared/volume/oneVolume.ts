import { gridDims, headerBytes, voxelType } from './niftiHeader';
import { chooseVolume } from './nifti';
import type { NiftiHeader } from './volume';

/** Where the fields lie that change (nifti1.h, nifti2.h), and what the magic of a single file is. */
const places = {
  1: { dim: 40, voxOffset: 108, magic: 344, single: 'n+1\0' },
  2: { dim: 16, voxOffset: 168, magic: 4, single: 'n+2\0' },
} as const;

/**
 * One volume of a NIfTI file as a .nii of its own. Byte for byte the file's: type, byte order, slope, forms, description and
 * header extensions; only dim, where the voxels begin and (of a pair) the magic are changed.
 *
 * @param bytes the uncompressed file, or the .hdr of a pair
 * @param header what readNiftiHeader gave for it
 * @param index from 0
 * @param image the uncompressed .img of a pair
 * @throws ExpectedError nifti-unsupported where there is no such volume
 */
export function oneVolume(
  bytes: Uint8Array,
  header: NiftiHeader,
  index: number,
  what: string,
  image: Uint8Array = bytes,
): Uint8Array {
  const [x, y, z] = gridDims(header);
  const size = x * y * z * voxelType(header, what).bytes;
  const from = header.voxOffsetBytes + chooseVolume(header, index, what) * size;
  const start = headerBytes[header.version] + 4;
  const offset = start + header.extensions.length;
  const out = new Uint8Array(offset + size);
  out.set(bytes.subarray(0, headerBytes[header.version]));
  out.set(header.extensions, start);
  if (header.extensions.length > 0) out[start - 4] = 1;
  out.set(image.subarray(from, from + size), offset);

  const { littleEndian, version } = header;
  const view = new DataView(out.buffer);
  const place = places[version];
  [3, x, y, z, 1, 1, 1, 1].forEach((value, i) => {
    if (version === 1) view.setInt16(place.dim + 2 * i, value, littleEndian);
    else view.setBigInt64(place.dim + 8 * i, BigInt(value), littleEndian);
  });
  if (version === 1) view.setFloat32(place.voxOffset, offset, littleEndian);
  else view.setBigInt64(place.voxOffset, BigInt(offset), littleEndian);
  [...place.single].forEach((letter, i) => {
    out[place.magic + i] = letter.charCodeAt(0);
  });
  return out;
}
