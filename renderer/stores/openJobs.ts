import { ask } from '../ipc/client';
import { useJobsStore } from './jobs';
import { useMessagesStore } from './messages';
import { useReviewStore } from './review';
import { useTrainingStore } from './training';

const titles = {
  probe: 'Looking for the device',
  time: 'Timing the device',
  install: 'Installing TensorFlow',
  sample: 'Making the sample study',
  importModel: 'Importing a model',
  exportModel: 'Exporting the model',
} as const;

/**
 * Takes up what the engine does for a page that is gone: after a reload or a crash of the page its training goes on, and is
 * shown again.
 * @returns whether the engine's device is known already
 */
export async function takeUpOpenJobs(): Promise<boolean> {
  const jobs = useJobsStore();
  const training = useTrainingStore();
  const review = useReviewStore();
  const messages = useMessagesStore();
  const open = await ask('jobs:open', {});
  if (open.device) jobs.device = open.device;
  for (const { jobId, job, scan, paused } of open.jobs) {
    const started = { jobId, paused };
    void messages.guard(async () => {
      if (job === 'train') {
        if (await training.takeUp(started))
          messages.show('success', 'The training has finished: segment a scan in Review.');
      } else if (job === 'segment') {
        if (scan !== null) await review.follow(scan, () => Promise.resolve(started));
      } else {
        await jobs.run(job, titles[job], () => Promise.resolve(started));
      }
    });
  }
  return open.device !== null;
}
