import { describe, expect, it } from 'vitest';
import {
  givenStarts,
  refusalOf,
  settingsGuide,
  shortSettings,
  valueWords,
  wordsOf,
} from '../../../../shared/study/settingsGuide';
import { presets, trainingSettingsSchema } from '../../../../shared/study/trainingSettings';

const guided = settingsGuide.flatMap(({ settings }) => settings);

describe('the guide to the settings', () => {
  it('explains every setting once', () => {
    const all = Object.keys(trainingSettingsSchema.shape);
    expect([...shortSettings, ...guided.map(({ name }) => name)].sort()).toEqual(all.sort());
    for (const { title, help } of guided) {
      expect(title).not.toBe('');
      expect(help).toMatch(/\.$/);
    }
  });

  it('knows what a setting can be from the schema', () => {
    expect(refusalOf('dropout', 0.3)).toBeNull();
    expect(refusalOf('dropout', 2)).toMatch(/0\.9/);
    expect(refusalOf('cropPixels', 63)).not.toBeNull();
    expect(wordsOf('frozenDiscriminatorMode')).toEqual(['inference', 'training']);
    expect(wordsOf('dropout')).toBeNull();
    for (const [name, value] of Object.entries(givenStarts))
      expect(refusalOf(name as keyof typeof givenStarts, value), name).toBeNull();
  });

  it('says values in words', () => {
    const { discriminatorRate, stopWhenSplit, maxMinutes } = presets.published;
    expect([discriminatorRate, stopWhenSplit, maxMinutes, {}].map(valueWords)).toEqual([
      '0.00005',
      'yes',
      'none',
      'on',
    ]);
  });
});
