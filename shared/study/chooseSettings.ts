import { ExpectedError } from '../failure';
import { presets, trainingSettingsSchema, type PresetName, type TrainingSettings } from './trainingSettings';

/** Settings that a training may go on with changed: they leave the networks and the order of the slices as they are. */
const CHANGEABLE: ReadonlySet<string> = new Set<keyof TrainingSettings>([
  'maxCycles',
  'maxMinutes',
  'checkpointMinutes',
  'stopWhenSplit',
  'discriminatorEpochs',
  'generatorEpochs',
  'discriminatorRate',
  'generatorRate',
  'generatorWarmupSteps',
  'generatorFinalRate',
  'mixingRateFactor',
  'weightDecay',
  'adversarialWeight',
  'reconstructionWeight',
  'disjointnessWeight',
]);

type Changes = Readonly<Record<string, unknown>>;

/** The settings of a preset with some changed. @throws ExpectedError settings-invalid naming the setting */
export function settingsFrom(preset: PresetName, overrides: Changes): TrainingSettings {
  return parse({ ...presets[preset], ...overrides });
}

/**
 * The settings that a training goes on with. Without changes it takes the very steps that it would have taken.
 * @throws ExpectedError settings-invalid naming a setting that is not valid or has to stay
 */
export function settingsToGoOnWith(before: TrainingSettings, changes: Changes): TrainingSettings {
  const after = parse({ ...before, ...changes });
  const fixed = Object.keys(changes).find(
    (name) =>
      !CHANGEABLE.has(name) &&
      JSON.stringify(after[name as keyof TrainingSettings]) !==
        JSON.stringify(before[name as keyof TrainingSettings]),
  );
  if (fixed === undefined) return after;
  throw new ExpectedError(
    'settings-invalid',
    `The setting ${fixed} cannot change while a training goes on: leave it out, or begin a new training in another folder.`,
  );
}

function parse(settings: Record<string, unknown>): TrainingSettings {
  const parsed = trainingSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ExpectedError(
    'settings-invalid',
    `The setting ${issue?.path.join('.') || String((issue as { keys?: string[] } | undefined)?.keys?.[0] ?? '')} is not valid: ${issue?.message ?? ''}.`,
  );
}
