/*
 * Preloaded (node --import) into a process whose memory is measured: tells its parent, a few times a second, how much it
 * holds and the most that it ever held, in bytes.
 */
const tell = () =>
  process.send?.({
    rssBytes: process.memoryUsage.rss(),
    // Kilobytes everywhere.
    peakBytes: process.resourceUsage().maxRSS * 1024,
  });
const timer = globalThis.setInterval(tell, 100);
timer.unref();
process.channel?.unref();
process.once('beforeExit', tell);
