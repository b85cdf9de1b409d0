import type { ScanVolume } from '../viewer/scanVolume';

/**
 * The scans that are open for viewing, outside Vue's reach. It holds so many bytes and forgets the ones that were not
 * looked at for longest: they are read again when someone comes back to them.
 */
export class VolumeCache {
  readonly #limitBytes: number;
  readonly #volumes = new Map<string, ScanVolume>();

  constructor(limitBytes = 256 * 2 ** 20) {
    this.#limitBytes = limitBytes;
  }

  get(id: string): ScanVolume | null {
    const volume = this.#volumes.get(id);
    if (!volume) return null;
    // The order of the map is the order of use.
    this.#volumes.delete(id);
    this.#volumes.set(id, volume);
    return volume;
  }

  set(id: string, volume: ScanVolume): void {
    this.#volumes.delete(id);
    this.#volumes.set(id, volume);
    let total = [...this.#volumes.values()].reduce((sum, { pixels }) => sum + pixels.byteLength, 0);
    for (const [oldest, { pixels }] of this.#volumes) {
      if (total <= this.#limitBytes || oldest === id) break;
      this.#volumes.delete(oldest);
      total -= pixels.byteLength;
    }
  }

  forget(id: string): void {
    this.#volumes.delete(id);
  }
}
