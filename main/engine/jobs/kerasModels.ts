import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import { createRandom } from '../../../shared/random';
import { presets } from '../../../shared/study/trainingSettings';
import { hashBytes } from '../../files/hashFile';
import { writeOutputs } from '../../files/outputs';
import { SOFTWARE } from '../../version';
import { readKerasFile, type KerasFile } from '../keras/readKeras';
import { KERAS_FILES } from '../keras/kerasFiles';
import { makeKerasFiles, type KerasNetworks } from '../keras/writeKeras';
import {
  discriminatorWeights,
  generatorWeights,
  MOST_BASE_WIDTH,
  SIZE_MULTIPLE,
  type NetworkShape,
} from '../network/layers';
import { initialArrays, type WeightArrays } from '../network/weights';
import { readRunModel, readRunWeights, RUN_FILES, runFiles, type RunModel } from '../training/runFile';
import { isKerasFile, readModelBytes } from './model';

/**
 * New networks as the three published files.
 * @returns the names of the files
 * @throws ExpectedError settings-invalid, file-exists, file-unwritable
 */
export async function createModel(
  outDir: string,
  shape: NetworkShape,
  seed: number,
  overwrite: boolean,
): Promise<string[]> {
  checkShape(shape);
  const random = createRandom(seed);
  const { dropout, weightDecay } = presets.published;
  // In the order in which a training draws them: the same seed starts the same networks.
  const generator = initialArrays(generatorWeights(shape.baseWidth), random);
  const discriminator = initialArrays(discriminatorWeights(shape), random);
  const lastWidth = shape.baseWidth * 16;
  return writeKerasFiles(
    outDir,
    { shape, settings: { dropout, weightDecay }, generator, discriminator, lastWidth },
    overwrite,
  );
}

function checkShape({ height, width, baseWidth }: NetworkShape): void {
  const near = (side: number): number =>
    Math.max(SIZE_MULTIPLE, Math.round(side / SIZE_MULTIPLE) * SIZE_MULTIPLE);
  if (near(height) !== height || near(width) !== width) {
    throw new ExpectedError(
      'settings-invalid',
      `Images of ${height}x${width} do not fit: each side must be a multiple of ${SIZE_MULTIPLE}; the nearest is ${near(height)}x${near(width)}.`,
    );
  }
  if (!Number.isInteger(baseWidth) || baseWidth < 1 || baseWidth > MOST_BASE_WIDTH) {
    throw new ExpectedError(
      'settings-invalid',
      `A width of ${baseWidth} is not possible; choose 1 to ${MOST_BASE_WIDTH} channels for the first level.`,
    );
  }
}

/**
 * Turns a run into the three published files, or published files into a run.
 * @param model a run's folder; or a Keras file with the main module, or a folder with the published files
 * @returns the names of the files that were written
 * @throws ExpectedError run-damaged, model-unreadable, shape-mismatch, file-exists, file-unwritable
 */
export function convertModel(model: string, outDir: string, overwrite: boolean): Promise<string[]> {
  const isRun = !isKerasFile(model) && existsSync(join(model, RUN_FILES.run));
  return isRun ? exportRun(model, outDir, overwrite) : importKeras(model, outDir, overwrite);
}

/** The networks of a run as the three published files. */
export async function exportRun(runDir: string, outDir: string, overwrite: boolean): Promise<string[]> {
  const run = await readRunModel(runDir);
  refuseOwnDesign(run, basename(runDir));
  const generator = await readRunWeights(runDir, run, 'generator');
  const discriminator = await readRunWeights(runDir, run, 'discriminator');
  const { baseWidth, dropout, weightDecay } = run.settings;
  // The last level's width is the only one that differs between the variants of D.
  const lastWidth = discriminator.get('disc_l2_conc24/bias')?.length ?? baseWidth * 16;
  return writeKerasFiles(
    outDir,
    {
      shape: { height: run.height, width: run.width, baseWidth },
      settings: { dropout, weightDecay },
      generator,
      discriminator,
      lastWidth,
    },
    overwrite,
  );
}

/** What the published files have no place for is refused by its name. @throws ExpectedError settings-invalid */
function refuseOwnDesign({ channels, settings }: RunModel, name: string): void {
  const beyond = [
    ...(channels > 1 ? [`${channels} input channels (slices with their neighbours)`] : []),
    ...(settings.topConvolutions !== 2 ? [`topConvolutions ${settings.topConvolutions}`] : []),
    ...(settings.residualIfc ? ['residualIfc'] : []),
  ];
  if (beyond.length === 0) return;
  throw new ExpectedError(
    'settings-invalid',
    `The published Keras files hold the published network alone; ${name} has ${beyond.join(', ')}. Train with the preset published to exchange a network with Keras.`,
  );
}

/** Published files as a run, which then can be used, and converted, as one that was trained here. */
export async function importKeras(source: string, outDir: string, overwrite: boolean): Promise<string[]> {
  const { shape, generator, discriminator, importedFrom } = await readNetworks(source);
  const { dropout, weightDecay } = presets.published;
  const facts = {
    software: SOFTWARE,
    createdAt: new Date().toISOString(),
    importedFrom,
    height: shape.height,
    width: shape.width,
    settings: { baseWidth: shape.baseWidth, dropout, weightDecay },
    referenceCounts: [],
  };
  return write(outDir, runFiles(facts, generator, discriminator), overwrite);
}

async function writeKerasFiles(
  outDir: string,
  networks: KerasNetworks,
  overwrite: boolean,
): Promise<string[]> {
  const files = await makeKerasFiles(networks);
  const kinds = Object.keys(KERAS_FILES) as (keyof typeof KERAS_FILES)[];
  return write(
    outDir,
    kinds.map((kind) => [KERAS_FILES[kind], files[kind]] as const),
    overwrite,
  );
}

async function write(
  outDir: string,
  files: Parameters<typeof writeOutputs>[1],
  overwrite: boolean,
): Promise<string[]> {
  await writeOutputs(outDir, files, overwrite);
  return files.map(([name]) => name);
}

interface ReadNetworks {
  readonly shape: NetworkShape;
  readonly generator: WeightArrays;
  readonly discriminator: WeightArrays;
  readonly importedFrom: readonly { readonly file: string; readonly sha256: string }[];
}

/** Both networks of a Keras file, or of one and the published file beside it. */
async function readNetworks(source: string): Promise<ReadNetworks> {
  const isFolder = statSync(source, { throwIfNoEntry: false })?.isDirectory() === true;
  const folder = isFolder ? source : dirname(source);
  const importedFrom: { file: string; sha256: string }[] = [];
  const read = async (path: string): Promise<KerasFile> => {
    const bytes = await readModelBytes(path);
    importedFrom.push({ file: basename(path), sha256: hashBytes(bytes) });
    return readKerasFile(bytes, basename(path));
  };
  if (isFolder && !existsSync(join(source, KERAS_FILES.generator))) {
    throw new ExpectedError(
      'file-missing',
      `${basename(source)} holds neither a finished run nor ${KERAS_FILES.generator}; choose another folder.`,
    );
  }
  const first = await read(isFolder ? join(source, KERAS_FILES.generator) : source);
  if (!first.generator) {
    throw new ExpectedError(
      'model-unreadable',
      `${basename(source)} holds a discriminator alone; choose the file of the generator, it is looked for beside it.`,
    );
  }
  if (first.discriminator) {
    const { generator, shape } = first;
    return { shape, generator, discriminator: first.discriminator.arrays, importedFrom };
  }
  const beside = join(folder, KERAS_FILES.discriminator);
  if (!existsSync(beside)) {
    throw new ExpectedError(
      'file-missing',
      `A run holds both networks: put ${KERAS_FILES.discriminator} beside ${basename(source)}, or choose ${KERAS_FILES.complete}.`,
    );
  }
  const second = await read(beside);
  const same = (['height', 'width', 'baseWidth'] as const).every(
    (side) => first.shape[side] === second.shape[side],
  );
  if (!second.discriminator || !same) {
    throw new ExpectedError(
      'shape-mismatch',
      `${KERAS_FILES.discriminator} does not belong to ${basename(source)}: it is made for ${described(second.shape)}, the generator for ${described(first.shape)}.`,
    );
  }
  return {
    shape: first.shape,
    generator: first.generator,
    discriminator: second.discriminator.arrays,
    importedFrom,
  };
}

function described({ height, width, baseWidth }: NetworkShape): string {
  return `${height}x${width} at width ${baseWidth}`;
}
