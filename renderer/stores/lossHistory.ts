import type { RunFacts } from '../../shared/ipc/contract';

export interface LossPoint {
  /** Position along the training: how many reports came before, over both networks. */
  readonly at: number;
  readonly cycle: number;
  readonly step: number;
  readonly value: number;
}

export interface LossSeries {
  readonly name: string;
  readonly points: LossPoint[];
}

/** Points that one curve keeps: beyond, every second one is dropped, so that a long training costs no more. */
const mostPoints = 2000;

/** The losses of a training, one curve a term. Grows with every step: keep it out of Vue's reach. */
export class LossHistory {
  readonly #series = new Map<string, LossPoint[]>();
  #count = 0;

  /**
   * The curves of a training that is over, of which only the mean losses of its cycles are left: a point a cycle, joined.
   * @param cycles mean losses of both networks by name, in order
   */
  static ofCycles(cycles: RunFacts['cycles']): LossHistory {
    const losses = new LossHistory();
    cycles.forEach((means, i) => {
      for (const network of ['discriminator', 'generator'] as const)
        losses.add(network, 0, i, means[network]);
    });
    return losses;
  }

  /** @param terms losses by name, as the engine sends them. */
  add(
    network: 'generator' | 'discriminator',
    cycle: number,
    step: number,
    terms: Readonly<Record<string, number>>,
  ): void {
    this.#count += 1;
    for (const [term, value] of Object.entries(terms)) {
      if (!Number.isFinite(value)) continue;
      const name = `${network}.${term}`;
      const points = this.#series.get(name) ?? [];
      points.push({ at: this.#count, cycle, step, value });
      this.#series.set(name, points.length > mostPoints ? points.filter((_, i) => i % 2 === 0) : points);
    }
  }

  series(name: string): readonly LossPoint[] {
    return this.#series.get(name) ?? [];
  }

  names(): string[] {
    return [...this.#series.keys()];
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#series.clear();
    this.#count = 0;
  }
}
