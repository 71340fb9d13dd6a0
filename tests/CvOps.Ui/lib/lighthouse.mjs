// Lighthouse, in a process of its own. Now and then it closes its page with a question to it still under way; the answer, that the page is closed,
// reaches nobody, and node:test would count it against the file that runs.
import { fork } from 'node:child_process';
import { once } from 'node:events';

const options = { output: 'json', disableFullPageScreenshot: true, logLevel: 'error', onlyCategories: ['accessibility', 'best-practices'], maxWaitForLoad: 8000, pauseAfterLoadMs: 0, networkQuietThresholdMs: 0, cpuQuietThresholdMs: 0, throttlingMethod: 'provided', formFactor: 'desktop', screenEmulation: { disabled: true } };

/**
 * @param port of the browser's debugger.
 * @returns {{audit: (url: string, headers: object) => Promise<{category: string, score: number, lost: string[]}[]>, close: () => void}} scores are 0..1;
 * what lost points is named by Lighthouse's audit ids.
 */
export function auditor(port) {
  const child = fork(import.meta.filename, [String(port)]);
  const ended = once(child, 'exit').then(([code]) => [{ error: `Lighthouse ended with ${code}.` }]);
  return {
    async audit(url, headers) {
      child.send({ url, headers });
      const [answer] = await Promise.race([once(child, 'message'), ended]);
      if (answer.error) throw new Error(answer.error);
      return answer.scores;
    },
    close: () => child.kill(),
  };
}

async function answer({ url, headers }) {
  const { default: lighthouse } = await import('lighthouse');
  const { lhr } = await lighthouse(url, { ...options, port: Number(process.argv[2]), extraHeaders: headers });
  if (lhr.runtimeError) throw new Error(`${lhr.runtimeError.code}: ${lhr.runtimeError.message}`);
  return Object.values(lhr.categories).map(category => ({
    category: category.id,
    score: category.score,
    lost: category.auditRefs.filter(ref => ref.weight > 0 && lhr.audits[ref.id].score !== null && lhr.audits[ref.id].score < 1).map(ref => ref.id),
  }));
}

if (process.argv[1] === import.meta.filename) {
  process.on('unhandledRejection', error => {
    if (!/Session closed|Target closed/.test(error?.message)) throw error;
    console.error(`Lighthouse left this behind: ${error.message}`);
  });
  process.on('message', asked => answer(asked).then(scores => process.send({ scores }), error => process.send({ error: error.stack })));
}
